/**
 * How crowded the picture is, as a small grid of heights in [0, 1].
 *
 * Counting on the processor beats drawing soft discs: its cost hardly depends on the width of the
 * kernel, it needs no floating-point target, and it is the same on every machine.
 */

import type { Places } from "./pick";

/** Reach in cells of each of three boxes that make the kernel. */
const REACH = 4;
/** Cells beyond the edge of the picture, so that what lies just outside still shades it. */
const EDGE = 3 * REACH;

export interface Heights {
  values: Float32Array;
  columns: number;
  rows: number;
  /** From the share of the picture to the share of the grid: stretch, then shift. */
  stretch: [number, number];
  shift: [number, number];
}

export function heightsOf(places: Places, width: number, height: number): Heights {
  // Cells of a small picture are smaller, in CSS pixels.
  const cell = Math.min(Math.max(Math.min(width, height) / 225, 2), 4);
  const columns = Math.ceil(width / cell) + 2 * EDGE;
  const rows = Math.ceil(height / cell) + 2 * EDGE;
  const values = new Float32Array(columns * rows);
  for (let at = 0; at < places.length; at += 3) {
    const x = places[at] / cell + EDGE - 0.5;
    const y = places[at + 1] / cell + EDGE - 0.5;
    if (!(x >= 0 && y >= 0 && x < columns - 1 && y < rows - 1)) continue;
    const column = Math.floor(x);
    const row = Math.floor(y);
    // Shared among four cells: without that the shading would shimmer as the picture moves.
    const [right, down, corner] = [x - column, y - row, row * columns + column];
    values[corner] += (1 - right) * (1 - down);
    values[corner + 1] += right * (1 - down);
    values[corner + columns] += (1 - right) * down;
    values[corner + columns + 1] += right * down;
  }
  const passed = new Float32Array(values.length);
  for (let pass = 0; pass < 3; pass++) {
    smooth(values, passed, rows, columns, columns, 1);
    smooth(passed, values, columns, rows, 1, columns);
  }
  level(values);
  return {
    values,
    columns,
    rows,
    stretch: [width / cell / columns, height / cell / rows],
    shift: [EDGE / columns, EDGE / rows],
  };
}

/** The running mean along every line of a grid. */
function smooth(
  source: Float32Array, target: Float32Array, lines: number, length: number, between: number, along: number,
): void {
  const share = 1 / (2 * REACH + 1);
  for (let line = 0; line < lines; line++) {
    const start = line * between;
    let sum = 0;
    for (let i = 0; i < REACH; i++) sum += source[start + i * along];
    for (let i = 0; i < length; i++) {
      if (i + REACH < length) sum += source[start + (i + REACH) * along];
      if (i > REACH) sum -= source[start + (i - REACH - 1) * along];
      target[start + i * along] = Math.max(sum * share, 0);
    }
  }
}

/** Brings heights to [0, 1]; one very crowded spot does not flatten all others. */
function level(values: Float32Array): void {
  let sum = 0;
  let squares = 0;
  let peak = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
    if (value > peak) peak = value;
  }
  const top = Math.min(peak, (2.2 * squares) / (sum || 1)) || 1;
  for (let i = 0; i < values.length; i++) values[i] = Math.min(values[i] / top, 0.999);
}
