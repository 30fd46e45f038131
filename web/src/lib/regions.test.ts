import { expect, test } from "vitest";
import { inhabited } from "./regions";

const label = (text: string, place: number[]) => ({ text, place, size: 1, level: 0 });
const columns = [Float32Array.of(0, 100), Float32Array.of(0, 100)];
const labels = [label("here", [1, 1]), label("there", [99, 99])];

test("a name goes with the last of its points", () => {
  expect(inhabited(labels, columns, Uint8Array.of(1, 0)).map(({ text }) => text)).toEqual(["here"]);
  expect(inhabited(labels, columns, Uint8Array.of(0, 0))).toEqual([]);
});

test("without a filter every name stays", () => {
  expect(inhabited(labels, columns, null)).toBe(labels);
});
