/** Places for the view's address: the browser's history, or a stack where that is closed. */

import type { Address } from "./host";

/** The address bar, and Back for undo. */
export function historyAddress(): Address {
  return {
    get: () => location.hash,
    push: (view) => history.pushState(null, "", view),
    replace: (view) => history.replaceState(null, "", view),
    back: () => history.back(),
    watch: (take) => addEventListener("popstate", () => take(location.hash)),
    link: (view) => location.href.replace(/#.*$/, "") + view,
  };
}

/** The history where the page may write to it, as in a file opened from disk; else a stack. */
export function fileAddress(): Address {
  try {
    history.replaceState(null, "", location.hash || "#");
    return historyAddress();
  } catch {
    return stackAddress(location.hash);
  }
}

export interface StackAddress extends Address {
  /** Opens a view from outside, as a step that can be undone. */
  show(view: string): void;
}

/** Steps that one can go back by, in memory; `told` hears of each change. */
export function stackAddress(first: string, told: (view: string) => void = () => {}): StackAddress {
  const steps = [first];
  let watcher: (view: string) => void = () => {};
  return {
    get: () => steps.at(-1)!,
    push(view) {
      steps.push(view);
      told(view);
    },
    replace(view) {
      steps[steps.length - 1] = view;
      told(view);
    },
    back() {
      if (steps.length < 2) return;
      steps.pop();
      watcher(steps.at(-1)!);
      told(steps.at(-1)!);
    },
    watch: (take) => (watcher = take),
    link: () => null,
    // What it resolves to is pushed by the page.
    show: (view) => watcher(view),
  };
}
