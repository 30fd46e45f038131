import { expect, test } from "vitest";
import type { ColumnInfo } from "../contract";
import { NONE, legendOf, visibleMask, type Shown } from "./legend";

const info: ColumnInfo = {
  name: "kind",
  type: "category",
  categories: [
    { value: "word", count: 2 },
    { value: "piece", count: 1 },
  ],
  range: null,
  missing: 1,
  own: false,
};
const codes = Int32Array.of(0, 1, -1, 0);
const shown: Shown = { column: { info, codes, numbers: null, at: () => null } };
const all = { hidden: [], range: null, only: null };

test("without a filter there is no mask", () => {
  expect(visibleMask(4, shown, all)).toBeNull();
});

test("a hidden category is not drawn, nor what is missing when it is hidden", () => {
  expect(Array.from(visibleMask(4, shown, { ...all, hidden: ["word"] })!)).toEqual([0, 1, 1, 0]);
  expect(Array.from(visibleMask(4, shown, { ...all, hidden: [NONE, "piece"] })!)).toEqual([1, 0, 0, 1]);
});

test("isolated points and a filter both hold", () => {
  const filter = { ...all, hidden: ["piece"], only: Int32Array.of(0, 1, 900) };
  expect(Array.from(visibleMask(4, shown, filter)!)).toEqual([1, 0, 0, 0]);
});

test("a range leaves out what has no number", () => {
  const numbers = { name: "kept", numbers: Float32Array.of(0.25, 0.5, NaN, 1) };
  expect(Array.from(visibleMask(4, numbers, { ...all, range: [0.5, 1] })!)).toEqual([0, 1, 0, 1]);
});

test("the legend names every category with its count", () => {
  const legend = legendOf(shown, false);
  expect(legend).toMatchObject({ kind: "category", missing: 1, items: [{ value: "word", count: 2 }, { value: "piece", count: 1 }] });
});

test("what was measured is a share, or has a range of its own", () => {
  const numbers = Float32Array.of(0.5, NaN);
  expect(legendOf({ name: "kept", numbers }, false)).toMatchObject({ low: 0, high: 1, share: true, missing: 1 });
  expect(legendOf({ name: "movement", numbers, range: [0.5, 2] }, false)).toMatchObject({ low: 0.5, high: 2, share: false });
});
