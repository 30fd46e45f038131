/** Names of regions that still have points to name. */

import type { ClusterLabel } from "../contract";

/** Cells along the longer side of a picture; a name holds for its own cell and those around it. */
const CELLS = 48;

/** The labels near which some point is drawn; all of them when every point is. */
export function inhabited(labels: ClusterLabel[], columns: Float32Array[], mask: Uint8Array | null): ClusterLabel[] {
  if (!mask || !labels.length) return labels;
  const lows = columns.map((values) => values.reduce((low, value) => (value < low ? value : low), Infinity));
  const spans = columns.map((values, d) => values.reduce((high, value) => (value > high ? value : high), -Infinity) - lows[d]);
  const size = Math.max(...spans) / CELLS || 1;
  const cell = (at: (d: number) => number) => lows.map((low, d) => Math.floor((at(d) - low) / size));
  const taken = new Set<string>();
  for (let point = 0; point < mask.length; point++) {
    if (mask[point]) taken.add(cell((d) => columns[d][point]).join());
  }
  const steps = [-1, 0, 1];
  const around = (at: number[]): string[] =>
    at.reduce<string[][]>((found, place) => found.flatMap((each) => steps.map((step) => [...each, String(place + step)])), [[]])
      .map((each) => each.join());
  return labels.filter((label) => around(cell((d) => label.place[d])).some((each) => taken.has(each)));
}
