/**
 * Which views of a notebook have a page that runs.
 *
 * A browser keeps some 16 drawing contexts and takes the oldest away from whoever makes one more,
 * so a view that nobody sees gives its page up when there are many.
 */

const MOST = 6;

export interface Sleeper {
  readonly seen: boolean;
  /** When it was last seen. */
  readonly since: number;
  /** Puts a picture in the place of its page. */
  sleep(): Promise<void>;
}

interface Shared {
  awake: Set<Sleeper>;
  /** Pages by their hash, so that one comes but once to a window. */
  pages: Map<string, string>;
}

// Every widget has a copy of this script; what they share lies with the window.
const KEY = Symbol.for("lexiscope");
const shared = ((globalThis as unknown as Record<symbol, Shared>)[KEY] ??= { awake: new Set(), pages: new Map() });

export const pages = shared.pages;

export function wake(view: Sleeper): void {
  shared.awake.add(view);
  rest();
}

export function slept(view: Sleeper): void {
  shared.awake.delete(view);
}

/** Sends to sleep whom nobody sees, the longest unseen first, while there are too many. */
export function rest(): void {
  const unseen = [...shared.awake].filter((view) => !view.seen).sort((a, b) => a.since - b.since);
  for (const view of unseen.slice(0, Math.max(0, shared.awake.size - MOST))) void view.sleep();
}
