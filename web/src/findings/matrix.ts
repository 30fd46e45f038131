/** Matrices as figures hold them. */

import type { EncodedMatrix } from "../contract";
import { extent } from "./scales";

export interface Matrix {
  rows: number;
  columns: number;
  low: number;
  high: number;
  /** Row by row. */
  values: Float32Array;
}

export function decode(encoded: EncodedMatrix): Matrix {
  const { low, high } = encoded;
  const bytes = atob(encoded.values);
  const rows = Math.round(Math.sqrt(bytes.length));
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = low + ((high - low) * bytes.charCodeAt(i)) / 255;
  return { rows, columns: rows, low, high, values };
}

/** Rows of numbers, as figures with few rows have them; what is missing is the least. */
export function decodeRows(rows: (number | null)[][]): Matrix {
  const [low, high] = extent(rows.flat()) ?? [0, 1];
  const values = Float32Array.from(rows.flat(), (value) => value ?? low);
  return { rows: rows.length, columns: rows[0]?.length ?? 0, low, high, values };
}
