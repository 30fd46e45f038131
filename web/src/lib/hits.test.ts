import { expect, test } from "vitest";
import { hitsOf } from "./hits";

const listed = (labels: string[], pattern: string, limit = 60) =>
  hitsOf(labels.keys(), (point) => labels[point], pattern, limit).map(({ value, points }) => `${value} ${points.join("+")}`);

test("a label of several points stands for all of them, then for each", () => {
  expect(listed(["bank", "river", "bank", "banks"], "bank").filter((each) => !each.startsWith("river"))).toEqual([
    "bank 0+2",
    "bank 0",
    "bank 2",
    "banks 3",
  ]);
});

test("a label of one point stands for that alone", () => {
  expect(listed(["india", "indiana"], "india")).toEqual(["india 0", "indiana 1"]);
});

test("the whole comes before what begins so, the spelling that was typed before others, and the shorter first", () => {
  expect(listed(["riverbank", "banks", "Bank", "bank", "banker"], "bank")).toEqual(["bank 3", "Bank 2", "banks 1", "banker 4", "riverbank 0"]);
});

test("no more than asked for", () => {
  expect(listed(["a", "a", "a", "a"], "a", 3)).toEqual(["a 0+1+2+3", "a 0", "a 1"]);
  expect(listed([], "a")).toEqual([]);
});
