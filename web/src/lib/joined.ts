/** Points that a column joins by lines. */

import type { SpaceData } from "./space";

/** Points of equal value, in their order, one line a value; "#" joins all rows in order. */
export async function joined(data: SpaceData, name: string): Promise<Int32Array[] | null> {
  if (name === "#") return [Int32Array.from({ length: data.length }, (_, i) => i)];
  if (!data.info.columns.some((column) => column.name === name)) return null;
  const column = await data.column(name);
  const lines = new Map<string, number[]>();
  for (let point = 0; point < data.length; point++) {
    const value = column.at(point);
    if (value === null) continue;
    const line = lines.get(String(value));
    if (line) line.push(point);
    else lines.set(String(value), [point]);
  }
  return [...lines.values()].filter((line) => line.length > 1).map((line) => Int32Array.from(line));
}
