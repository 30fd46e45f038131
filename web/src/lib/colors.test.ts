import { expect, test } from "vitest";
import { category, categoryColors, numberColors, scale, type RGB } from "./colors";

/** Relative luminance (WCAG 2). */
function luminance(color: RGB): number {
  const [r, g, b] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** What someone without green cones sees (Viénot, Brettel & Mollon 1999, linear RGB). */
function deuteranope(color: RGB): number[] {
  const [r, g, b] = color.map((value) => (value / 255) ** 2.2);
  return [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b];
}

test.each([false, true])("the first eight categories stay apart for colour-blind eyes (dark: %s)", (dark) => {
  const seen = Array.from({ length: 8 }, (_, number) => deuteranope(category(number, dark)));
  for (let a = 0; a < 8; a++) {
    for (let b = 0; b < a; b++) {
      expect(Math.hypot(...seen[a].map((value, i) => value - seen[b][i])), `${a} and ${b}`).toBeGreaterThan(0.04);
    }
  }
});

test.each([false, true])("the scale grows lighter from end to end (dark: %s)", (dark) => {
  const steps = Array.from({ length: 21 }, (_, i) => luminance(scale(i / 20, dark)));
  for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThan(steps[i - 1]);
});

test("categories take palette rows, row 0 is for what is missing", () => {
  const { codes, palette } = categoryColors(Int32Array.of(0, 1, -1, 0), 2, false);
  expect(Array.from(codes)).toEqual([1, 2, 0, 1]);
  expect(palette.length).toBe(12);
  expect(Array.from(palette.slice(4, 7))).toEqual(category(0, false));
});

test("any number of categories fits the palette", () => {
  const many = 100_000;
  const { codes, palette } = categoryColors(Int32Array.from({ length: many }, (_, i) => i), many, false);
  expect(palette.length).toBe(65_535 * 4);
  expect(codes[many - 1]).toBeGreaterThan(0);
});

test("numbers are spread over the scale, what is beyond it is at its end", () => {
  const { codes } = numberColors([0, 5, 10, 99, NaN], 0, 10, false);
  expect(Array.from(codes)).toEqual([1, 129, 256, 256, 0]);
});

test("a column of one value has a colour", () => {
  expect(Array.from(numberColors([3, 3], 3, 3, false).codes)).toEqual([1, 1]);
});
