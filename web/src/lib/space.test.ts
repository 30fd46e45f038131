import { readFileSync } from "node:fs";
import { tableFromIPC } from "@uwdata/flechette";
import { expect, test } from "vitest";
import type { Atlases } from "../contract";
import { readColumn } from "./space";

// Answers of a real server, which its own tests hold to be what it answers.
const CONTRACT = new URL("../../../tests/contract/", import.meta.url);
const json = <T>(name: string) => JSON.parse(readFileSync(new URL(name, CONTRACT), "utf-8")) as T;
const arrow = (name: string) => tableFromIPC(new Uint8Array(readFileSync(new URL(name, CONTRACT))));

test("columns of every type are read as the server wrote them", () => {
  const table = arrow("columns.arrow");
  const spaces = json<Atlases>("atlases.json").atlases.flatMap((atlas) => atlas.spaces);
  const space = spaces.find((each) => each.points === table.numRows && table.names.every((name) => each.columns.some((column) => column.name === name)))!;
  expect(space).toBeDefined();
  const types = new Set<string>();
  for (const name of table.names) {
    const info = space.columns.find((column) => column.name === name)!;
    const column = readColumn(info, table.getChild(name));
    types.add(info.type);
    const raw = Array.from({ length: table.numRows }, (_, row) => table.getChild(name).at(row) as unknown);
    for (let row = 0; row < table.numRows; row++) {
      if (info.type === "number") expect(column.at(row)).toBe(raw[row] === null ? null : Number(raw[row]));
      else expect(column.at(row)).toBe(raw[row]);
    }
    if (info.type === "category") {
      const counted = info.categories!.map((_, code) => column.codes!.filter((each) => each === code).length);
      expect(counted).toEqual(info.categories!.map(({ count }) => count));
    }
  }
  expect([...types].sort()).toEqual(["category", "number"]);
});

test("a projection is columns of float32", () => {
  const table = arrow("projection.arrow");
  expect(table.names.slice(0, 2)).toEqual(["x", "y"]);
  expect(table.getChild("x").toArray()).toBeInstanceOf(Float32Array);
});
