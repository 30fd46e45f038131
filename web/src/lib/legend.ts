/** What colours mean, and which points a filtered legend leaves. */

import type { Colors } from "../scene/types";
import { category, categoryColors, css, numberColors } from "./colors";
import type { Column } from "./space";

export type Legend =
  | { kind: "category"; name: string; items: { value: string; count: number; color: string }[]; missing: number }
  | { kind: "number"; name: string; low: number; high: number; share: boolean; missing: number };

/** One value a point that colours can show. */
export type Shown = { column: Column } | Measured;

/** What was measured of each point; a share where no range is said. */
export interface Measured {
  name: string;
  numbers: ArrayLike<number>;
  range?: [number, number];
}

export function legendOf(shown: Shown, dark: boolean): Legend {
  if ("numbers" in shown) {
    let absent = 0;
    for (let i = 0; i < shown.numbers.length; i++) absent += Number(Number.isNaN(shown.numbers[i]));
    const [low, high] = shown.range ?? [0, 1];
    return { kind: "number", name: shown.name, low, high, share: !shown.range, missing: absent };
  }
  const { info } = shown.column;
  if (info.type === "category") {
    const items = info.categories!.map(({ value, count }, code) => ({ value, count, color: css(category(code, dark)) }));
    return { kind: "category", name: info.name, items, missing: info.missing };
  }
  const [low, high] = info.range ?? [0, 1];
  return { kind: "number", name: info.name, low, high, share: false, missing: info.missing };
}

export function colorsOf(shown: Shown, dark: boolean): Colors {
  if ("numbers" in shown) return numberColors(shown.numbers, ...(shown.range ?? [0, 1]), dark);
  const { info, codes, numbers } = shown.column;
  if (codes) return categoryColors(codes, info.categories!.length, dark);
  const [low, high] = info.range ?? [0, 1];
  return numberColors(numbers!, low, high, dark);
}

/** The value that a filter means by "where there is none". */
export const NONE = "\u0000none";

export interface Filter {
  hidden: string[];
  range: [number, number] | null;
  only: Int32Array | null;
}

/** 1 for every point that is drawn, or null when all are. */
export function visibleMask(n: number, shown: Shown | null, filter: Filter): Uint8Array | null {
  const mask = new Uint8Array(n);
  let whole = true;
  if (filter.only) {
    whole = false;
    for (const point of filter.only) if (point < n) mask[point] = 1;
  } else mask.fill(1);
  const codes = shown && "column" in shown ? shown.column.codes : null;
  if (codes && shown && "column" in shown && filter.hidden.length) {
    const hidden = new Set(filter.hidden);
    const out = shown.column.info.categories!.map(({ value }) => hidden.has(value));
    const none = hidden.has(NONE);
    for (let i = 0; i < n; i++) if (codes[i] < 0 ? none : out[codes[i]]) mask[i] = 0;
    whole = false;
  }
  const numbers = shown && ("numbers" in shown ? shown.numbers : shown.column.numbers);
  if (numbers && filter.range) {
    const [low, high] = filter.range;
    // A number that is missing lies in no range; the comparison is false for NaN.
    for (let i = 0; i < n; i++) if (!(numbers[i] >= low && numbers[i] <= high)) mask[i] = 0;
    whole = false;
  }
  return whole ? null : mask;
}

