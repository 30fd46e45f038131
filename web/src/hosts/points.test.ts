import { readFileSync } from "node:fs";
import { tableFromArrays, tableToIPC, utf8 } from "@uwdata/flechette";
import { expect, test } from "vitest";
import type { SpaceInfo } from "../contract";
import { Points } from "./points";

type Texts = (string | null)[];

/** The server's own lookup is held to the same cases. */
const LOOKUPS = new URL("../../../tests/lookups.json", import.meta.url);
const cases = JSON.parse(readFileSync(LOOKUPS, "utf-8")) as { points: Record<string, Texts>; asked: Record<string, number[]> }[];

/** A space as a file holds it; the one neighbour of each point is the one after it. */
function exported(columns: Record<string, Texts>): Points {
  const points = columns["label"].length;
  const info = {
    name: "s",
    points,
    layers: [],
    columns: Object.keys(columns).map((name) => ({ name })),
    graphs: { "": { k: 1 } },
  } as unknown as SpaceInfo;
  const files = new Map<string, Uint8Array>();
  for (const [name, values] of Object.entries(columns)) {
    const table = tableFromArrays({ [name]: values }, { types: { [name]: utf8() } });
    files.set(`/s/texts?name=${name}`, tableToIPC(table, { format: "stream" }) as Uint8Array);
  }
  const near = Uint16Array.from({ length: points }, (_, point) => (point + 1) % points);
  const graph = new Uint8Array(4 * points);
  graph.set(new Uint8Array(near.buffer));
  graph.set(new Uint8Array(Int16Array.from(near, () => 5000).buffer), 2 * points);
  files.set("/s/neighbors", graph);
  return new Points("/s", info, { get: (path) => (files.has(path) ? Promise.resolve(files.get(path)!.slice().buffer) : null) }, "lexiscope view s.atlas");
}

const every = cases.flatMap(({ points, asked }) => Object.entries(asked).map(([term, found]) => ({ points, term, found })));

test.each(every)("$term names $found", async ({ points, term, found }) => {
  const answer = exported(points).neighbors(term, 1, null);
  if (found.length === 1) {
    const near = (found[0] + 1) % points["label"].length;
    const neighbors = [{ point: near, label: points["label"][near], value: 0.5 }];
    expect(await answer).toEqual({ query: term, metric: "cosine", layer: null, points: found, neighbors });
  } else await expect(answer).rejects.toThrow(found.length ? "single points" : `'${term}' is no label of this space`);
});

test("a sum, and a number that is too large, are refused for what they are", async () => {
  const points = exported(cases[0].points);
  for (const sum of ["king - man + woman", "- man"]) await expect(points.neighbors(sum, 1, null)).rejects.toThrow("lexiscope view s.atlas");
  await expect(points.neighbors("#6", 1, null)).rejects.toThrow("this space has 6 points, #0 to #5");
});
