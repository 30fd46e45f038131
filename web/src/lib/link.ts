/** Which points of two spaces are the same thing: an occurrence, or a word by its label. */

import type { Column, SpaceData } from "./space";

interface Index {
  key(point: number): string;
  points: Map<string, number[]>;
}

const indexes = new WeakMap<SpaceData, Map<string, Promise<Index>>>();

/** The columns that tell an occurrence from all others, where a space has them. */
const OCCURRENCE = ["text", "start", "end"];

function index(space: SpaceData, names: string[]): Promise<Index> {
  const held = indexes.get(space) ?? new Map<string, Promise<Index>>();
  indexes.set(space, held);
  const id = names.join();
  if (!held.has(id)) held.set(id, build(space, names));
  return held.get(id)!;
}

async function build(space: SpaceData, names: string[]): Promise<Index> {
  const columns: Column[] = await Promise.all(names.map((name) => space.column(name)));
  const key = (point: number) =>
    columns.map((column) => String(column.at(point)).toLowerCase()).join("\u0000");
  const points = new Map<string, number[]>();
  for (let point = 0; point < space.length; point++) {
    const name = key(point);
    const there = points.get(name);
    if (there) there.push(point);
    else points.set(name, [point]);
  }
  return { key, points };
}

/** The points of `to` that are the same as these of `from`, ascending. */
export async function counterparts(
  from: SpaceData,
  to: SpaceData,
  points: ArrayLike<number>,
): Promise<Int32Array> {
  if (from === to || !points.length) return Int32Array.from(points);
  const has = (space: SpaceData) =>
    OCCURRENCE.every((name) => space.info.columns.some((column) => column.name === name));
  const names = has(from) && has(to) ? OCCURRENCE : ["label"];
  const [own, other] = await Promise.all([index(from, names), index(to, names)]);
  const found = new Set<number>();
  for (const point of Array.from(points)) {
    for (const match of other.points.get(own.key(point)) ?? []) found.add(match);
  }
  return Int32Array.from(found).sort();
}
