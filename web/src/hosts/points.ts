/** The points of an exported space: found by a pattern, near each other, as rows of a table. */

import { tableFromIPC } from "@uwdata/flechette";
import type { Neighbors, SpaceInfo } from "../contract";
import { readColumn, SpaceData } from "../lib/space";
import type { Contents } from "./contents";
import { lower, matches } from "./patterns";
import { Refusal } from "./refusal";

/** Each value as the server writes it; null where there is none. */
type Texts = (string | null)[];

interface Graph {
  k: number;
  numbers: Uint16Array | Uint32Array;
  /** Ten thousand times the similarities. */
  values: Int16Array;
}

export class Points {
  private readonly texts = new Map<string, Promise<Texts>>();
  private readonly graphs = new Map<number | null, Promise<Graph>>();

  constructor(
    private readonly path: string,
    private readonly info: SpaceInfo,
    private readonly contents: Contents,
    /** What answers more than a file can. */
    private readonly command: string,
  ) {}

  async search(column: string, pattern: string, mode: string, withCase: boolean, signal?: AbortSignal | null): Promise<Int32Array> {
    if (!this.info.columns.some(({ name }) => name === column)) {
      throw new Refusal(`there is no column '${column}': ${this.info.name} has ${this.info.columns.map(({ name }) => name).join(", ")}`);
    }
    return matches(await this.textsOf(column), pattern, mode, withCase, signal);
  }

  async neighbors(query: string, k: number, layer: number | null): Promise<Neighbors> {
    const point = await this.named(query);
    const at = layer ?? this.info.layers.at(-1) ?? null;
    const graph = await this.graphAt(at);
    const labels = await this.textsOf("label");
    const neighbors = Array.from({ length: Math.min(k, graph.k) }, (_, rank) => {
      const near = graph.numbers[graph.k * point + rank];
      return { point: near, label: labels[near] ?? "", value: graph.values[graph.k * point + rank] / 1e4 };
    });
    return { query, metric: "cosine", layer: at, points: [point], neighbors };
  }

  /** Rows as the server writes them, byte for byte. */
  async csv(points: number[] | undefined): Promise<string> {
    const rows = points ?? Array.from({ length: this.info.points }, (_, point) => point);
    const names = this.info.columns.map(({ name }) => name);
    const columns = await Promise.all(names.map((name) => this.textsOf(name)));
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const taken = new Set(["point"]);
    for (const name of names) {
      let free = name;
      while (taken.has(free) || (free !== name && names.includes(free))) free = `given_${free}`;
      taken.add(free);
    }
    const cell = (value: string | null) => (value === null ? "" : quoted(value));
    const lines = rows.map((point) => [point, ...columns.map((column) => cell(column[point]))].join(","));
    return [Array.from(taken, quoted).join(","), ...lines, ""].join("\n");
  }

  /** The one point that a query names: `#12` or a label. */
  private async named(query: string): Promise<number> {
    const number = /^#(\d+)$/.exec(query)?.[1];
    if (number !== undefined) {
      const point = Number(number);
      if (point < this.info.points) return point;
      throw new Refusal(`point ${query}: this space has ${this.info.points} points, #0 to #${this.info.points - 1}`);
    }
    const found = await this.carriers(query);
    if (found.length === 1) return found[0];
    throw new Refusal(
      found.length || /(^-|\s[+-])\s/.test(query.trim())
        ? `this page holds the neighbours of single points; of a sum, or of a word at all its places: ${this.command}`
        : `'${query}' is no label of this space`,
    );
  }

  /** The points that carry a label, or else a raw token, a readable text, a label in any case: as the server looks. */
  private async carriers(term: string): Promise<number[]> {
    const has = (name: string) => this.info.columns.some((column) => column.name === name);
    for (const name of ["label", "token"]) {
      const found = has(name) ? places(await this.textsOf(name), term) : [];
      if (found.length) return found;
    }
    if (has("kind") && has("text")) {
      const found = places(await this.textsOf("text"), term);
      if (found.length) return found.slice(0, 1);
    }
    const lowered = (await this.textsOf("label")).map((label) => label && lower(label));
    return places(lowered, term.toLowerCase());
  }

  private textsOf(column: string): Promise<Texts> {
    let held = this.texts.get(column);
    if (!held) this.texts.set(column, (held = this.readTexts(column)));
    return held;
  }

  private async readTexts(name: string): Promise<Texts> {
    const info = this.info.columns.find((column) => column.name === name)!;
    const written = this.contents.get(`${this.path}/texts?name=${name}`);
    const table = tableFromIPC(new Uint8Array(await (written ?? this.contents.get(`${this.path}/columns?name=${name}`)!)));
    const values = table.getChildAt(0);
    if (written) return Array.from(values as Iterable<string | null>);
    const column = readColumn(info, values);
    return Array.from({ length: this.info.points }, (_, point) => {
      const value = column.at(point);
      return value === null ? null : String(value);
    });
  }

  private graphAt(layer: number | null): Promise<Graph> {
    let held = this.graphs.get(layer);
    if (!held) this.graphs.set(layer, (held = this.readGraph(layer)));
    return held;
  }

  /** As `packed` of lexiscope/export/page.py wrote it. */
  private async readGraph(layer: number | null): Promise<Graph> {
    const content = await this.contents.get(`${this.path}/neighbors${layer === null ? "" : `?layer=${layer}`}`)!;
    const { k } = this.info.graphs[SpaceData.key(layer)];
    const size = this.info.points * k;
    const numbers = this.info.points > 2 ** 16 ? new Uint32Array(content, 0, size) : new Uint16Array(content, 0, size);
    const values = new Int16Array(content, numbers.byteLength, size);
    for (let i = 0; i < size; i++) if (i % k) values[i] += values[i - 1];
    return { k, numbers, values };
  }
}

function places(texts: Texts, wanted: string): number[] {
  return texts.flatMap((text, point) => (text === wanted ? [point] : []));
}
