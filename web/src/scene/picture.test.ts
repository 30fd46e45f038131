import { describe, expect, it } from "vitest";
import { Cloud } from "./cloud";
import { hexOf, paletteTexels } from "./color";
import { HOME, lensOf, project } from "./camera";
import { heightsOf } from "./density";
import { byWeight, drawOrder, shownOf } from "./order";
import { diameterOf } from "./points";
import { type Dot, escaped, svgOf } from "./svg";

const theme = { dark: false, ground: "#fff", text: "#111", muted: "#888", accent: "#c40" };

describe("SVG", () => {
  it("holds any text", () => {
    expect(escaped(`<a href="x">'&'</a>`)).toBe("&lt;a href=&quot;x&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;");
    expect(escaped("a\u0000\u001b\ud800b😀\ufffe")).toBe("ab😀");
  });

  it("gathers dots that look alike", () => {
    const dot: Dot = { x: 1, y: 2, diameter: 3, color: "#ff0000", opacity: 1, ring: 0 };
    const label = {
      kind: "point" as const, number: 0, text: "<s>", font: { size: 12, weight: 400 },
      left: 1, top: 1, width: 9, height: 9, dx: 0, dy: 0, color: null, alpha: 1,
    };
    const svg = svgOf({
      width: 100,
      height: 50,
      theme,
      figure: { lines: [{ from: [0, 0], to: [5, 5], strength: 0.5 }], marks: [{ x: 9, y: 9 }], ring: null, labels: [label] },
      dots: [dot, { ...dot, x: 4.126 }, { ...dot, color: "#00ff00" }],
      polylines: [[[0, 0], [1, 1]]],
      raster: null,
      caption: "a & b",
    });
    expect(svg).toContain('d="M1 2h0M4.13 2h0"');
    expect(svg.match(/stroke="#00ff00"/g)).toHaveLength(1);
    expect(svg).toContain("&lt;s&gt;</text>");
    expect(svg).toContain("a &amp; b</text>");
    expect(svg).toContain('height="84"');
  });
});

describe("a palette", () => {
  it("fills rows of 256", () => {
    const { texels, rows } = paletteTexels(new Uint8Array(4 * 257).fill(9));
    expect(rows).toBe(2);
    expect([texels.length, texels[1027], texels[1028]]).toEqual([2048, 9, 0]);
    expect(paletteTexels(new Uint8Array(0)).rows).toBe(1);
  });

  it("is written as CSS", () => {
    expect(hexOf(Uint8Array.of(0, 10, 255, 255), 0)).toBe("#000aff");
    expect(hexOf(new Uint8Array(4), 1)).toBe("#888888");
  });
});

describe("the order of drawing", () => {
  const units = Float32Array.of(0, 0, 0.5, 0, 0, -0.5, NaN, NaN, NaN, 0, 0, 0);

  it("leaves out what has no place or is hidden", () => {
    expect(Array.from(shownOf(units, null))).toEqual([1, 1, 0, 1]);
    expect(Array.from(shownOf(units, Uint8Array.of(1, 0, 1, 1)))).toEqual([1, 0, 0, 1]);
  });

  it("draws faded points first, far ones first among equals", () => {
    const shown = Uint8Array.of(1, 1, 0, 1);
    expect(Array.from(drawOrder(units, shown, null, null))).toEqual([0, 1, 3]);
    expect(Array.from(drawOrder(units, shown, null, [0, 0, 1]))).toEqual([1, 3, 0]);
    expect(Array.from(drawOrder(units, shown, Uint8Array.of(0, 1, 1, 1), [0, 0, 1]))).toEqual([0, 1, 3]);
  });

  it("goes by weight for names", () => {
    expect(Array.from(byWeight(3, Float32Array.of(1, 5, 1)))).toEqual([1, 0, 2]);
    expect(Array.from(byWeight(2, null))).toEqual([0, 1]);
  });
});

describe("a cloud", () => {
  const lens = lensOf({ ...HOME, half: [1, 1], depth: 0, width: 200, height: 200 });

  it("goes on from where its points are", () => {
    const cloud = new Cloud();
    expect(cloud.set([Float32Array.of(0, 2), Float32Array.of(0, 2)], true)).toBe(false);
    expect(cloud.set([Float32Array.of(2, 0), Float32Array.of(2, 0)], true)).toBe(true);
    expect(Array.from(cloud.from)).toEqual([-1, -1, 0, 1, 1, 0]);
    cloud.t = 0.25;
    expect(cloud.placeOf(0, lens)).toEqual(project(lens, -0.5, -0.5, 0));
    cloud.set([Float32Array.of(0, 2), Float32Array.of(0, 2)], true);
    expect(Array.from(cloud.from)).toEqual([-0.5, -0.5, 0, 0.5, 0.5, 0]);
    expect(Array.from(cloud.placesOn(lens))).toEqual([...project(lens, -0.5, -0.5, 0), ...project(lens, 0.5, 0.5, 0)]);
  });

  it("counts what is in sight and forgets the mask of other points", () => {
    const cloud = new Cloud();
    cloud.set([Float32Array.of(0, 2, NaN), Float32Array.of(0, 2, 1)], false);
    cloud.visible = Uint8Array.of(0, 1, 1);
    cloud.refresh();
    expect(cloud.placeOf(0, lens)[0]).toBeNaN();
    cloud.placesOn(lens);
    expect(cloud.inSight).toBe(1);
    cloud.set([Float32Array.of(0, 2), Float32Array.of(0, 2)], true);
    expect(Array.from(cloud.shown)).toEqual([1, 1]);
  });
});

it("shading is highest where points are and the same all round", () => {
  const { values, columns, rows, stretch, shift } = heightsOf(Float32Array.of(200, 100, 1, NaN, NaN, NaN), 400, 200);
  const at = (x: number, y: number) => {
    const column = Math.floor((x / 400) * stretch[0] * columns + shift[0] * columns);
    return values[Math.floor((y / 200) * stretch[1] * rows + shift[1] * rows) * columns + column];
  };
  expect(at(200, 100)).toBeGreaterThan(0.5);
  expect(at(200, 100)).toBeGreaterThan(at(210, 100));
  expect(at(180, 101)).toBeCloseTo(at(219, 101), 3);
  expect(at(20, 20)).toBe(0);
});

it("dots of large tables are small, and grow slowly", () => {
  expect(diameterOf(100, 1, 900)).toBe(9);
  expect(diameterOf(30_000, 1, 900)).toBeCloseTo(3.5, 1);
  expect(diameterOf(1_000_000, 1, 900)).toBeCloseTo(1.8, 1);
  expect(diameterOf(30_000, 1e3, 900)).toBe(10);
});
