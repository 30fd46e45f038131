import { expect, test } from "vitest";
import { decodePoints, encodePoints } from "./ranges";

test("runs are joined and gaps counted", () => {
  expect(encodePoints([9, 3, 4, 5])).toBe("3-2.4");
  expect(encodePoints([])).toBe("");
  expect(encodePoints([0])).toBe("0");
  expect(encodePoints([35, 36])).toBe("z-1");
});

test("what was written is read again", () => {
  const points = [0, 1, 2, 17, 400, 401, 30521];
  expect(Array.from(decodePoints(encodePoints(points), 30522))).toEqual(points);
});

test("points that are not there, and nonsense, are left out", () => {
  expect(Array.from(decodePoints("3-2.4", 5))).toEqual([3, 4]);
  expect(Array.from(decodePoints("3-2.4", 3))).toEqual([]);
  expect(Array.from(decodePoints("<script>", 100))).toEqual([]);
});

test("all of a large space is a short text", () => {
  const all = Int32Array.from({ length: 1_000_000 }, (_, i) => i);
  expect(encodePoints(all).length).toBeLessThan(10);
});
