/** The page as a notebook's widget: it tells what is selected, and does as it is told. */

import { app } from "../lib/app.svelte";
import { captionOf } from "../lib/caption";
import type { Pane } from "../lib/pane.svelte";
import type { ToPage } from "./messages";
import type { NotebookHost } from "./notebook";

/** Follows the first map from now on; before the page is mounted. */
export function followNotebook(host: NotebookHost): void {
  if (host.options.theme) app.appearance = host.options.theme;
  // What the notebook said itself is not said back to it.
  let said = "";
  // What the notebook points at stays when a pointer that never came leaves.
  let inside = false;
  addEventListener("pointermove", () => (inside = true), { capture: true, passive: true });
  const about = (pane: Pane) => ({ atlas: pane.view.atlas, space: pane.info!.name, layer: pane.layer });

  host.obey((message) => {
    const pane = app.panes[0];
    if (message.type === "theme") app.appearance = message.theme;
    else if (message.type === "still") void still(host, message);
    else if (message.type === "leave") {
      if (inside) leave();
      inside = false;
    }
    else if (!pane?.info) return;
    else if (message.type === "hover") void app.hover(pane, message.point);
    else if (message.type === "paint") {
      if (message.column === null) Object.assign(pane.view, { color: null, hidden: [], range: null });
      else pane.paint(message.column);
    } else if (message.type === "select") {
      const points = Int32Array.from(message.points).sort();
      said = JSON.stringify({ ...about(pane), points: Array.from(points) });
      void app.select(pane, points);
    }
  });

  $effect.root(() => {
    $effect(() => {
      const pane = app.panes[0];
      if (!pane?.info) return;
      const selection = { ...about(pane), points: Array.from(pane.view.selected) };
      const text = JSON.stringify(selection);
      if (text === said) return;
      said = text;
      host.tell({ type: "selection", ...selection });
    });
    let pointed = -1;
    $effect(() => {
      const pane = app.panes[0];
      if (!pane?.info || pane.hovered === pointed) return;
      const hover = { type: "hover", ...about(pane), point: pane.hovered } as const;
      // A pointer that sweeps over the map is followed once a frame.
      const frame = requestAnimationFrame(() => {
        pointed = hover.point;
        host.tell(hover);
      });
      return () => cancelAnimationFrame(frame);
    });
  });
}

/** Has the pointer leave all that it is taken to be over: a page in a frame may not hear that it left. */
function leave(): void {
  for (const element of document.querySelectorAll(":hover")) element.dispatchEvent(new PointerEvent("pointerleave"));
}

async function still(host: NotebookHost, { id, scale }: Extract<ToPage, { type: "still" }>): Promise<void> {
  try {
    const pane = app.panes[0];
    if (!pane?.scene) throw new Error("there is no picture yet");
    const png = await (await pane.scene.toPNG(scale ?? 2, captionOf(pane))).arrayBuffer();
    host.tell({ type: "still", id, png }, [png]);
  } catch (error) {
    host.tell({ type: "still", id, png: null, error: (error as Error).message });
  }
}
