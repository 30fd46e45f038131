import { describe, expect, it } from "vitest";
import { boxOutline, enclosed, nearest, nearMiddle, within } from "./pick";

const places = (...pixels: [number, number][]) => Float32Array.from(pixels.flatMap(([x, y]) => [x, y, 1]));

describe("the nearest point", () => {
  const three = places([10, 10], [14, 10], [NaN, NaN]);

  it("is within reach or none", () => {
    expect(nearest(three, 11, 10, 8)).toBe(0);
    expect(nearest(three, 13, 10, 8)).toBe(1);
    expect(nearest(three, 100, 10, 8)).toBe(-1);
    expect(nearest(new Float32Array(0), 0, 0, 8)).toBe(-1);
  });

  it("is the upper one of equals", () => {
    expect(nearest(three, 12, 10, 8)).toBe(1);
  });
});

describe("an outline", () => {
  // The letter U.
  const concave = [0, 0, 10, 0, 10, 30, 20, 30, 20, 0, 30, 0, 30, 40, 0, 40];

  it("holds no more than it encloses", () => {
    expect(within(concave, 5, 20)).toBe(true);
    expect(within(concave, 15, 20)).toBe(false);
    expect(within(concave, 15, 35)).toBe(true);
    expect(within(concave, 25, 5)).toBe(true);
    expect(within(concave, 31, 5)).toBe(false);
  });

  it("gives its points ascending, without those that have no place", () => {
    const points = places([25, 5], [15, 20], [NaN, NaN], [5, 5], [99, 99]);
    expect(Array.from(enclosed(points, concave))).toEqual([0, 3]);
  });

  it("may be a box drawn from any corner", () => {
    const points = places([5, 5], [20, 20]);
    expect(Array.from(enclosed(points, boxOutline(10, 10, 0, 0)))).toEqual([0]);
    expect(Array.from(enclosed(points, []))).toEqual([]);
  });
});

it("lists points in sight from the middle outward", () => {
  const points = places([90, 50], [50, 50], [-5, 50], [60, 50], [NaN, NaN]);
  expect(nearMiddle(points, 100, 100, 10)).toEqual([1, 3, 0]);
  expect(nearMiddle(points, 100, 100, 2)).toEqual([1, 3]);
});
