import { expect, test } from "vitest";
import { fixed, interval, probability, said, share, times } from "./numbers";

test("figures have three digits and no needless zero", () => {
  expect(said(0.96234)).toBe(".962");
  expect(said(-0.5)).toBe("−.5");
  expect(said(12.345)).toBe("12.3");
  expect(said(30522)).toBe("30,522");
  expect(said(0)).toBe("0");
  expect(said(0.00000312)).toBe("3.1 × 10⁻⁶");
});

test("what is not there is a dash", () => {
  for (const nothing of [null, undefined, NaN, Infinity]) expect(said(nothing)).toBe("–");
  expect(interval(0.1, null)).toBe("–");
  expect(times(null)).toBe("–");
  expect(share(null)).toBe("–");
});

test("a probability claims no more than was drawn", () => {
  expect(probability(0.0005)).toBe("< .001");
  expect(probability(0.00123)).toBe(".001");
  expect(probability(0.0123)).toBe(".012");
  expect(probability(0.2)).toBe(".2");
  expect(probability(1)).toBe("1");
  expect(probability(null)).toBe("–");
});

test("shares are per cents", () => {
  expect(share(0.5849)).toBe("58.5 %");
  expect(share(0.00062)).toBe(".062 %");
  expect(share(0.00000001)).toBe("< .01 %");
  expect(share(0)).toBe("0 %");
  expect(share(1)).toBe("100 %");
  expect(interval(0.4, 0.6, share)).toBe("40 % to 60 %");
});

test("what stands in a column has two digits, and a factor two that count", () => {
  expect([0.9, 1, 0, -0.256, null].map(fixed)).toEqual([".90", "1.00", ".00", "−.26", "–"]);
  expect(times(3052)).toBe("3,100 ×");
  expect(times(1.347)).toBe("1.3 ×");
});
