import { expect, test } from "vitest";
import { decode, decodeRows } from "./matrix";

test("bytes become values between the ends", () => {
  const bytes = [0, 255, 51, 204];
  const matrix = decode({ rows: 2, block: 1, low: -1, high: 1, values: btoa(String.fromCharCode(...bytes)) });
  expect([matrix.rows, matrix.columns]).toEqual([2, 2]);
  [-1, 1, -0.6, 0.6].forEach((value, i) => expect(matrix.values[i]).toBeCloseTo(value, 6));
});

test("rows of numbers keep their order, what is missing is the least", () => {
  const matrix = decodeRows([[0.5, 1], [null, 0.25]]);
  expect(Array.from(matrix.values)).toEqual([0.5, 1, 0.25, 0.25]);
  expect([matrix.low, matrix.high]).toEqual([0.25, 1]);
});
