import { describe, expect, it } from "vitest";
import { budgetOf, type Label, Labels, regionAlpha, type Situation } from "./labels";
import { Occupancy } from "./occupancy";
import { shortened, Widths } from "./text";

const widths = () => new Widths((text) => text.length * 6);

/** Points strewn the same way every time. */
function strewn(n: number): Float32Array {
  const places = new Float32Array(3 * n);
  let seed = 1;
  for (let i = 0; i < 3 * n; i++) {
    seed = (seed * 48271) % 2147483647;
    places[i] = i % 3 === 2 ? 1 : (seed / 2147483647) * (i % 3 ? 600 : 800);
  }
  return places;
}

const situation = (changes: Partial<Situation> = {}): Situation => ({
  width: 800,
  height: 600,
  zoom: 1,
  places: strewn(300),
  inSight: 300,
  covered: [],
  gap: 5,
  hovered: -1,
  selected: [],
  marks: [],
  regions: [],
  emphasis: null,
  order: Uint32Array.from({ length: 300 }, (_, i) => i),
  textOf: (point) => `word ${point}`,
  textMode: null,
  deep: false,
  ...changes,
});

const overlap = (a: Label, b: Label) =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

describe("labels", () => {
  it("never overlap, lie on the page, and are the same every time", () => {
    const regions = [{ x: 400, y: 300, text: "a region of the map", size: 9, level: 0 }];
    const marks = [{ x: 100, y: 100, text: "a mark" }];
    const now = situation({ regions, marks, hovered: 3, selected: [5, 6, 7] });
    const placed = new Labels(widths()).place(now);
    expect(placed.length).toBeGreaterThan(50);
    placed.forEach((a, i) => placed.slice(i + 1).forEach((b) => expect(overlap(a, b)).toBe(false)));
    for (const { left, top, width, height } of placed) {
      expect(left >= 0 && top >= 0 && left + width <= 800 && top + height <= 600).toBe(true);
    }
    expect(new Labels(widths()).place(now)).toEqual(placed);
  });

  it("keep off what lies over the map, on its edge or beyond it too", () => {
    const covered = [
      { left: -10, top: -10, width: 220, height: 130 },
      { left: 700, top: 500, width: 300, height: 300 },
      { left: 900, top: 0, width: 50, height: 50 },
    ];
    // One that is selected lies in the midst of it: it stands beside it, or not at all.
    const places = strewn(300);
    places.set([100, 60, 1], 0);
    const regions = [{ x: 180, y: 100, text: "a region of the map", size: 9, level: 0 }];
    const now = situation({ places, selected: [0], regions });
    const bare = new Labels(widths()).place(now);
    const placed = new Labels(widths()).place({ ...now, covered });
    const beneath = (labels: Label[]) => labels.filter((label) => covered.some((box) => overlap(label, box as Label)));
    expect(beneath(bare).length).toBeGreaterThan(3);
    expect(beneath(placed)).toEqual([]);
    expect(placed.length).toBeGreaterThan(bare.length / 2);
  });

  it("go by rank: hovered, selected, marks, regions, points", () => {
    const regions = [{ x: 400, y: 300, text: "region", size: 9, level: 0 }];
    const placed = new Labels(widths()).place(
      situation({ regions, marks: [{ x: 50, y: 50, text: "mark" }], hovered: 3, selected: [3, 5] }),
    );
    expect(placed.slice(0, 4).map(({ text }) => text)).toEqual(["word 3", "word 5", "mark", "region"]);
    expect(placed.filter(({ text }) => text === "word 3")).toHaveLength(1);
  });

  it("stay while the picture is dragged", () => {
    const labels = new Labels(widths());
    const before = labels.place(situation());
    const places = strewn(300).map((value, i) => (i % 3 === 0 ? value + 3 : value));
    const after = new Set(labels.place(situation({ places })).map(({ text }) => text));
    const middle = before.filter(({ left }) => left > 20 && left < 700);
    expect(middle.filter(({ text }) => after.has(text)).length / middle.length).toBeGreaterThan(0.97);
  });

  it("are kept from points that are faded or have no place", () => {
    const places = strewn(300);
    places.fill(NaN, 0, 3);
    const emphasis = new Uint8Array(300).fill(1, 0, 2);
    const texts = new Labels(widths()).place(situation({ places, emphasis })).map(({ text }) => text);
    expect(texts).toEqual(["word 1"]);
  });

  it("are few while the map is seen whole", () => {
    const few = new Labels(widths()).place(situation({ inSight: 30_000 })).length;
    expect(few).toBeLessThanOrEqual(budgetOf(30_000, 1, 800, 600));
    expect(few).toBeGreaterThan(4);
  });

  it("stand in place of the points if asked", () => {
    const [first] = new Labels(widths()).place(situation({ textMode: (point) => `#00000${point}` }));
    expect(first.color).toBe(`#00000${first.number}`);
    expect(first.dx).toBe(-first.width / 2);
  });
});

it("names of regions give way to finer ones", () => {
  expect(regionAlpha(0, 2, 1)).toBe(1);
  expect(regionAlpha(1, 2, 1)).toBe(0);
  expect(regionAlpha(1, 2, 2)).toBe(1);
  expect(regionAlpha(0, 2, 2.6)).toBe(0);
  expect(regionAlpha(2, 2, 100)).toBe(0);
  // The finest there are stay longer.
  expect(regionAlpha(0, 0, 3)).toBe(1);
});

it("a place is taken once", () => {
  const page = new Occupancy(100, 50);
  expect(page.take({ left: 10, top: 10, width: 30, height: 10 })).toBe(true);
  expect(page.take({ left: 39, top: 19, width: 5, height: 5 })).toBe(false);
  expect(page.take({ left: 60, top: 10, width: 40, height: 10 })).toBe(true);
  expect(page.take({ left: 80, top: 30, width: 30, height: 10 })).toBe(false);
  expect(page.take({ left: NaN, top: 30, width: 30, height: 10 })).toBe(false);
});

it("long texts are cut between characters", () => {
  expect(shortened("short")).toBe("short");
  expect(shortened("x".repeat(40))).toBe(`${"x".repeat(27)}…`);
  expect(Array.from(shortened("😀".repeat(40)))).toHaveLength(28);
  expect(shortened("😀".repeat(20))).toBe("😀".repeat(20));
});
