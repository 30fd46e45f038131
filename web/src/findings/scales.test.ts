import { expect, test } from "vitest";
import { decades, extent, inner, linear, logarithmic, logarithmicAndZero, nearest, path, roomy, ticked, ticks } from "./scales";

test("ticks are round and within", () => {
  expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
  expect(ticks(0, 6, 6)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(ticks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
  expect(ticks(2, 2, 4)).toEqual([2]);
});

test("decades are the powers of ten within", () => {
  expect(decades(0.0005, 1)).toEqual([0.001, 0.01, 0.1, 1]);
  expect(decades(1, 100)).toEqual([1, 10, 100]);
});

test("a logarithmic axis gives every decade the same room, and nothing lies before it", () => {
  const scale = logarithmic(0.001, 1, 0, 300);
  expect([0.001, 0.01, 0.1, 1].map((value) => Math.round(scale(value)))).toEqual([0, 100, 200, 300]);
  expect(scale(0)).toBe(0);
});

test("zero has a place of its own, left of a gap in a logarithmic axis", () => {
  const scale = logarithmicAndZero(0.001, 1, 10, 40, 340);
  expect([0, 0.001, 0.01, 1].map((value) => Math.round(scale(value)))).toEqual([10, 40, 140, 340]);
  expect(scale.ticks).toEqual([0, 0.001, 0.01, 0.1, 1]);
  expect(scale.gap).toBe(25);
  // The least that is something is not where nothing is.
  expect(scale(1e-9)).toBe(40);
});

test("an axis has as many ticks as asked for, and not many more", () => {
  for (const [low, high] of [[0.27, 0.93], [0, 0.29], [0.4, 0.54], [-1, 1], [0, 317], [0.0001, 0.0002]]) {
    for (const least of [2, 3]) {
      const { ticks, domain } = ticked(low, high, 100, 0, least);
      expect(ticks.length).toBeGreaterThanOrEqual(least);
      expect(ticks.length).toBeLessThanOrEqual(3 * least);
      expect(ticks.every((each) => each >= domain[0] && each <= domain[1])).toBe(true);
    }
  }
  expect(ticked(2, 2, 100, 0, 3).ticks).toEqual([2]);
});

test("the inner share leaves out as many at either end", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
  expect(inner(hundred, 0.98)).toEqual([1, 98]);
  expect(inner([...hundred, null, NaN], 1)).toEqual([0, 99]);
  // Of few none is left out.
  expect(inner([3, 900, 1], 0.98)).toEqual([1, 900]);
  expect(inner([null], 0.98)).toBeNull();
});

test("a linear axis goes from end to end, upward too", () => {
  const scale = linear(-1, 1, 100, 0);
  expect([-1, 0, 1].map(scale)).toEqual([100, 50, 0]);
  // All equal: the middle of nowhere is not NaN.
  expect(Number.isFinite(linear(3, 3, 0, 10)(3))).toBe(true);
});

test("ranges leave out what is missing and get air", () => {
  expect(extent([null, 3, undefined, NaN, -1])).toEqual([-1, 3]);
  expect(extent([null])).toBeNull();
  const [low, high] = roomy([0.2, 1], true);
  expect(low).toBe(0);
  expect(high).toBeGreaterThan(1);
  const [same, more] = roomy([0, 0], true);
  expect(more).toBeGreaterThanOrEqual(same);
});

test("a line breaks where a value is missing", () => {
  expect(path([[0, 1], [2, 3], null, [4, 5]])).toBe("M0.0 1.0L2.0 3.0M4.0 5.0");
});

test("the nearest of several", () => {
  expect(nearest([0, 10, 20], 14)).toBe(1);
  expect(nearest([5], 100)).toBe(0);
});
