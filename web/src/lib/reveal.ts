/** Shows what a finding is about: its points on the map of its space and layer. */

import { app } from "./app.svelte";
import type { Pane } from "./pane.svelte";

export interface Place {
  atlas: string;
  space: string;
  /** Null where any will do. */
  layer: number | null;
}

/** Opens the space where no map shows it, selects the points and brings them into sight. */
export async function reveal(place: Place, points: number[]): Promise<void> {
  const shows = (pane: Pane) => pane.view.atlas === place.atlas && pane.info?.name === place.space;
  const fits = (pane: Pane) => shows(pane) && (place.layer === null || pane.layer === place.layer);
  const active = app.pane;
  const panes = [active, ...app.panes.filter((pane) => pane !== active)];
  const pane = panes.find(fits) ?? panes.find(shows) ?? active;
  app.active = app.panes.indexOf(pane);
  if (!shows(pane)) pane.open(place.atlas, place.space);
  if (place.layer !== null && pane.layer !== place.layer) pane.toLayer(place.layer);
  if (points.length) await show(pane, points);
}

export async function show(pane: Pane, points: number[]): Promise<void> {
  const chosen = Int32Array.from(points).sort();
  // What a filter leaves out could not be seen.
  if (pane.mask && chosen.some((point) => !pane.mask![point])) {
    Object.assign(pane.view, { only: null, hidden: [], range: null });
  }
  // One point that is in sight already keeps what is about it.
  const seen = chosen.length === 1 && pane.settled && pane.scene?.locate(chosen[0]);
  if (!seen) pane.awaited = chosen;
  await app.select(pane, chosen);
}
