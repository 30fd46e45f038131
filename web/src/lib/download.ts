/** Points as a csv file, all of them for null, with their vectors if asked for. */

import { request, saveAs } from "./api";
import type { Pane } from "./pane.svelte";

export async function download(pane: Pane, points: ArrayLike<number> | null, vectors: boolean): Promise<void> {
  const body = { ...(points && { points: Array.from(points) }), vectors, ...(pane.layer === null ? {} : { layer: pane.layer }) };
  const headers = { "Content-Type": "application/json" };
  const answer = await request(`${pane.data!.path}/selection`, { method: "POST", headers, body: JSON.stringify(body) });
  const layer = pane.layer === null || !vectors ? "" : `-layer-${pane.layer}`;
  saveAs(await answer.blob(), `${pane.info!.name}${layer}.csv`);
}
