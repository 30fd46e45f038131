import { describe, expect, it } from "vitest";
import {
  around, between, eased, fitting, frameOf, HOME, inUnits, lensOf, moved, project, toData, toUnits, turnedBy,
  unproject, type View,
} from "./camera";

const flat: View = { ...HOME, half: [1, 1], depth: 0, width: 1000, height: 800 };
const deep: View = { ...flat, depth: 1 };

describe("a frame", () => {
  const columns = [Float32Array.of(0, 10, NaN, 4), Float32Array.of(-1, 1, 500, Infinity)];

  it("holds all points with a place", () => {
    const frame = frameOf(columns);
    expect(frame).toEqual({ dims: 2, center: [5, 0, 0], scale: 5, half: [1, 0.2] });
    expect(Array.from(inUnits(columns, frame))).toEqual([-1, -0.2, 0, 1, 0.2, 0, ...Array(6).fill(NaN)].map(Math.fround));
  });

  it("of a turned picture is a ball about all points", () => {
    const frame = frameOf([Float32Array.of(0, 2), Float32Array.of(0, 2), Float32Array.of(0, 1)]);
    expect(frame.center).toEqual([1, 1, 0.5]);
    expect(frame.scale).toBe(1.5);
  });

  it("of one point, or none, is no division by zero", () => {
    for (const n of [0, 1]) {
      const frame = frameOf([new Float32Array(n).fill(7), new Float32Array(n).fill(7)]);
      expect(frame.scale).toBe(1);
      expect(fitting(frame.half, 100, 100)).toBeGreaterThan(0);
    }
  });

  it("brings places there and back", () => {
    const frame = frameOf([Float32Array.of(-3, 9), Float32Array.of(2, 8), Float32Array.of(0, 1)]);
    const place = toData(toUnits([1.5, 3, 0.25], frame), frame);
    [1.5, 3, 0.25].forEach((value, axis) => expect(place[axis]).toBeCloseTo(value, 12));
  });
});

describe("a flat picture", () => {
  it("puts the centre in the middle and y upward", () => {
    const lens = lensOf(flat);
    // 800 high less twice 44 of edge, over two units.
    expect(lens.pixels).toBe(356);
    expect(project(lens, 0, 0, 0)).toEqual([500, 400, 1]);
    expect(project(lens, 1, 1, 0)).toEqual([856, 44, 1]);
  });

  it("knows no turn", () => {
    expect(project(lensOf({ ...flat, yaw: 2, pitch: 1 }), 0.5, 0, 0)).toEqual(project(lensOf(flat), 0.5, 0, 0));
  });

  it("goes from pixels to units and back", () => {
    const lens = lensOf({ ...flat, center: [0.3, -0.2, 0], zoom: 7 });
    const [x, y] = project(lens, ...unproject(lens, 123, 456));
    expect(x).toBeCloseTo(123, 9);
    expect(y).toBeCloseTo(456, 9);
  });
});

describe("a turned picture", () => {
  it("puts what is near farther from the middle", () => {
    const lens = lensOf({ ...deep, yaw: 0, pitch: 0 });
    const near = project(lens, 0.5, 0, 0.9);
    const far = project(lens, 0.5, 0, -0.9);
    expect(near[2]).toBeCloseTo(0.75, 12);
    expect(far[2]).toBeCloseTo(1.25, 12);
    expect(near[0] - 500).toBeCloseTo((356 * 0.5) / 0.75, 9);
    expect(near[0]).toBeGreaterThan(far[0]);
  });

  it("turns about the vertical, then tips toward the viewer", () => {
    const quarter = lensOf({ ...deep, yaw: Math.PI / 2, pitch: 0 });
    const [x, , divisor] = project(quarter, 0, 0, 1);
    expect(x).toBeCloseTo(856, 9);
    expect(divisor).toBeCloseTo(1, 12);
    const above = project(lensOf({ ...deep, yaw: 0, pitch: Math.PI / 2 }), 0, 1, 0);
    expect(above[0]).toBeCloseTo(500, 9);
    expect(above[1]).toBeCloseTo(400, 9);
    expect(above[2]).toBeLessThan(1);
  });

  it("does not tip over", () => {
    expect(turnedBy(HOME, 0, 1e6).pitch).toBe(Math.PI / 2);
  });
});

describe("a gesture", () => {
  it.each([flat, deep])("zooms about a pixel", (view) => {
    const before = unproject(lensOf(view), 700, 300);
    const camera = moved(view, [700, 300], [700, 300], 3);
    expect(camera.zoom).toBe(3);
    const [x, y] = project(lensOf({ ...view, ...camera }), ...before);
    expect(x).toBeCloseTo(700, 9);
    expect(y).toBeCloseTo(300, 9);
  });

  it("takes what it holds along", () => {
    const held = unproject(lensOf(flat), 400, 400);
    const [x, y] = project(lensOf({ ...flat, ...moved(flat, [400, 400], [450, 380]) }), ...held);
    expect(x).toBeCloseTo(450, 9);
    expect(y).toBeCloseTo(380, 9);
  });

  it("never loses the points", () => {
    expect(moved(flat, [0, 0], [1e6, 0]).center[0]).toBe(-1.3);
    expect(moved(flat, [0, 0], [0, 0], 1e9).zoom).toBe(600);
  });
});

describe("a way", () => {
  const goal = { center: [0.5, 0.2, 0] as [number, number, number], zoom: 8, yaw: 1, pitch: 0 };

  it("starts and ends where it should", () => {
    expect(between(HOME, goal, 0).zoom).toBe(1);
    expect(between(HOME, goal, 1)).toBe(goal);
    expect([eased(0), eased(0.5), eased(1)]).toEqual([0, 0.5, 1]);
  });

  it("keeps one pixel where it is", () => {
    // The fixed point of a zoom: what is there before and after at the same place.
    const fixed = (goal.center[0] * goal.zoom) / (goal.zoom - 1);
    const at = (t: number) => project(lensOf({ ...flat, ...between(HOME, goal, t), yaw: 0, pitch: 0 }), fixed, 0, 0)[0];
    for (const t of [0.2, 0.5, 0.9]) expect(at(t)).toBeCloseTo(at(0), 6);
  });
});

it("looks at some points whole", () => {
  const units = Float32Array.of(0.1, 0.1, 0, 0.3, 0.1, 0, NaN, NaN, NaN, 0.9, 0.9, 0);
  const camera = around(flat, units, [0, 1, 2], 1000)!;
  expect(camera.center[0]).toBeCloseTo(0.2, 6);
  const [left] = project(lensOf({ ...flat, ...camera }), 0.1, 0.1, 0);
  expect(left).toBeCloseTo(44, 3);
  expect(around(flat, units, [2], 10)).toBeNull();
  expect(around(flat, units, [3], 10)!.zoom).toBe(10);
});
