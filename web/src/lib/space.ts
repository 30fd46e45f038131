/** A space as the page holds it: its columns and projections, each fetched once. */

import type { Column as ArrowColumn } from "@uwdata/flechette";
import type { ClusterLabel, ColumnInfo, ProjectionInfo, SpaceInfo } from "../contract";
import { address, getArrow, getJSON, spacePath } from "./api";

export type Value = string | number | null;

/** One value a point. */
export interface Column {
  info: ColumnInfo;
  at(point: number): Value;
  /** Of a category: its number in `info.categories`, -1 where there is none. */
  codes: Int32Array | null;
  /** Of a number: NaN where there is none. */
  numbers: Float64Array | null;
}

/** A text and its word: code points, text[start:end]. */
export interface Sentence {
  text: string;
  start: number;
  end: number;
}

export interface PointQuality {
  kept: Float32Array;
  trust: Float32Array;
}

export class SpaceData {
  private readonly kept = new Map<string, Promise<unknown>>();
  readonly path: string;

  constructor(
    readonly atlas: string,
    public info: SpaceInfo,
  ) {
    this.path = spacePath(atlas, info.name);
  }

  get length(): number {
    return this.info.points;
  }

  /** What a space was made from: the part of its version that only another making changes. */
  static made(info: SpaceInfo): string {
    return `${info.version.split(".")[0]} ${info.points}`;
  }

  /** The layers' key in the contract's records. */
  static key(layer: number | null): string {
    return layer === null ? "" : String(layer);
  }

  projections(layer: number | null): ProjectionInfo[] {
    return this.info.projections[SpaceData.key(layer)] ?? [];
  }

  /** Takes a newer description; what may have changed with it is fetched anew. */
  update(info: SpaceInfo): void {
    const changed = info.version !== this.info.version;
    this.info = info;
    if (!changed) return;
    const own = new Set(info.columns.filter((column) => column.own).map((column) => `column ${column.name}`));
    const known = new Set(info.columns.map((column) => `column ${column.name}`));
    for (const key of this.kept.keys()) {
      if (own.has(key) || (key.startsWith("column ") && !known.has(key))) this.kept.delete(key);
    }
  }

  column(name: string): Promise<Column> {
    return this.once(`column ${name}`, async () => {
      const info = this.info.columns.find((column) => column.name === name);
      if (!info) throw new Error(`${this.info.name} has no column ${name}`);
      const table = await getArrow(address(`${this.path}/columns`, { name, v: this.info.version }));
      return readColumn(info, table.getChildAt(0) as ArrowColumn<unknown>);
    });
  }

  coordinates(id: string, layer: number | null): Promise<Float32Array[]> {
    return this.once(`map ${layer} ${id}`, async () => {
      const table = await getArrow(address(`${this.path}/projections/${encodeURIComponent(id)}`, { layer }));
      return ["x", "y", "z"].slice(0, table.numCols).map((name) => floats(table.getChild(name)));
    });
  }

  quality(id: string, layer: number | null): Promise<PointQuality> {
    return this.once(`quality ${layer} ${id}`, async () => {
      const table = await getArrow(address(`${this.path}/projections/${encodeURIComponent(id)}/quality`, { layer }));
      return { kept: floats(table.getChild("kept")), trust: floats(table.getChild("trust")) };
    });
  }

  regions(id: string, layer: number | null): Promise<ClusterLabel[]> {
    return this.once(`regions ${layer} ${id}`, () =>
      getJSON<ClusterLabel[]>(address(`${this.path}/projections/${encodeURIComponent(id)}/labels`, { layer })),
    );
  }

  /** The sentence that each point's word stands in; null for a space whose points have none. */
  async sentences(): Promise<((point: number) => Sentence) | null> {
    const names = ["text", "start", "end"];
    if (!names.every((name) => this.info.columns.some((column) => column.name === name))) return null;
    const [text, start, end] = await Promise.all(names.map((name) => this.column(name)));
    return (point) => ({ text: String(text.at(point)), start: Number(start.at(point)), end: Number(end.at(point)) });
  }

  /** Points whose column matches; the server searches, so that no pattern can hang the page. */
  async search(query: SearchQuery, signal?: AbortSignal): Promise<Int32Array> {
    const table = await getArrow(address(`${this.path}/search`, { ...query }), signal);
    return Int32Array.from(table.getChildAt(0).toArray() as ArrayLike<number>);
  }

  private once<T>(key: string, fetch: () => Promise<T>): Promise<T> {
    let held = this.kept.get(key) as Promise<T> | undefined;
    if (!held) {
      held = fetch();
      // What failed may work the next time.
      held.catch(() => this.kept.delete(key));
      this.kept.set(key, held);
    }
    return held;
  }
}

export interface SearchQuery {
  column: string;
  pattern: string;
  mode: "substring" | "regex" | "exact";
  case: boolean;
}

function floats(column: ArrowColumn<unknown>): Float32Array {
  const values = column.toArray();
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}

export function readColumn(info: ColumnInfo, column: ArrowColumn<unknown>): Column {
  if (info.type === "category") {
    const codes = categoryCodes(info, column);
    const names = info.categories!.map((category) => category.value);
    return { info, codes, numbers: null, at: (point) => names[codes[point]] ?? null };
  }
  if (info.type === "number") {
    // Whole numbers come as such, and a missing one is null.
    const numbers = new Float64Array(column.length);
    let row = 0;
    for (const value of column) numbers[row++] = value === null ? NaN : Number(value);
    return { info, codes: null, numbers, at: (point) => (Number.isNaN(numbers[point]) ? null : numbers[point]) };
  }
  return { info, codes: null, numbers: null, at: (point) => column.at(point) as Value };
}

interface DictionaryBatch {
  length: number;
  nullCount: number;
  cache: ArrayLike<string>;
  key(row: number): number;
  isValid(row: number): boolean;
}

function categoryCodes(info: ColumnInfo, column: ArrowColumn<unknown>): Int32Array {
  const number = new Map(info.categories!.map((category, code) => [category.value, code]));
  const codes = new Int32Array(column.length);
  let row = 0;
  for (const batch of column.data as unknown as DictionaryBatch[]) {
    const found = Array.from(batch.cache, (value) => number.get(value) ?? -1);
    // Without a null there is no bitmap, and `isValid` would say that nothing is valid.
    const whole = batch.nullCount === 0;
    for (let i = 0; i < batch.length; i++) codes[row++] = whole || batch.isValid(i) ? found[batch.key(i)] : -1;
  }
  return codes;
}
