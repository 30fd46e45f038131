/**
 * Which texts stand on the picture and where.
 *
 * Whoever matters most chooses a place first; a text that finds none is left out. What stood there
 * a moment ago goes before its equals, on the same side, so that nothing flickers as the map moves.
 */

import type { Places } from "./pick";
import { type Box, Occupancy } from "./occupancy";
import { type Font, shortened, type Widths } from "./text";

/** What a label belongs to: a point, a region or a mark by number. */
export type Anchor = { kind: "point" | "region" | "mark"; number: number };

export interface Label extends Box, Anchor {
  text: string;
  font: Font;
  /** Where its anchor is; the box lies at `dx`, `dy` from there. */
  dx: number;
  dy: number;
  /** CSS colour; null is the text colour of the theme. */
  color: string | null;
  alpha: number;
}

export interface Region {
  x: number;
  y: number;
  text: string;
  size: number;
  level: number;
}

/** All that placing looks at. */
export interface Situation {
  width: number;
  height: number;
  zoom: number;
  places: Places;
  inSight: number;
  /** What lies over the map; no name is put beneath it. */
  covered: Box[];
  /** Distance that labels keep from the middle of their point. */
  gap: number;
  hovered: number;
  selected: ArrayLike<number>;
  marks: { x: number; y: number; text: string }[];
  regions: Region[];
  /** 0 for points that are faded: they keep their names to themselves. */
  emphasis: Uint8Array | null;
  /** Points by the weight of their names; empty when none are to be shown. */
  order: Uint32Array;
  textOf: (point: number) => string;
  /** The points' own colours, if every point is its label. */
  textMode: ((point: number) => string) | null;
  /** Nearer ones go first in a turned picture. */
  deep: boolean;
}

const POINT: Font = { size: 11.5, weight: 450 };
const STRONG: Font = { size: 12.5, weight: 600 };
const REGIONS: Font[] = [{ size: 14.5, weight: 650 }, { size: 13, weight: 600 }, { size: 12, weight: 600 }];
const CANDIDATES = 5000;
const SELECTED = 300;
/** Width and height of the patches among which names are shared out. */
const PATCH = 140;
/** Names of regions come and go while the zoom changes by this factor. */
const FADE = 1.2;
/** So few points in sight all show their names if there is room. */
const FEW = 400;

/** How clearly names of a level show at a zoom; the finest stay a while longer. */
export function regionAlpha(level: number, finest: number, zoom: number): number {
  const from = level === 0 ? 0 : 1.2 * 2.5 ** (level - 1);
  const until = 2.5 * 2.4 ** level * (level === finest ? 2 : 1);
  const rise = from === 0 ? 1 : Math.log(zoom / from) / Math.log(FADE);
  const fall = Math.log(until / zoom) / Math.log(FADE);
  return Math.min(Math.max(Math.min(rise, fall), 0), 1);
}

/** How many points may show their names. */
export function budgetOf(inSight: number, zoom: number, width: number, height: number): number {
  if (inSight <= FEW) return FEW;
  return Math.round(Math.min(((width * height) / 40_000) * Math.max(zoom, 0.7) ** 1.6, 700));
}

export class Labels {
  private before = new Map<number, number>();
  private zoom = 0;

  constructor(private readonly widths: Widths) {}

  place(now: Situation): Label[] {
    const page = new Occupancy(now.width, now.height);
    for (const box of now.covered) page.fill(box);
    const placed: Label[] = [];
    const named = new Set<number>();

    const put = (
      anchor: Anchor, x: number, y: number, text: string, font: Font, gap: number, alpha: number, side = 0,
    ): number => {
      const short = shortened(text);
      if (!short) return -1;
      const width = Math.ceil(this.widths.of(short, font)) + 4;
      const height = Math.ceil(font.size * 1.25);
      const spots = spotsOf(width, height, gap);
      for (let k = 0; k < spots.length; k++) {
        const which = (side + k) % spots.length;
        const [dx, dy] = spots[which];
        const box = { left: x + dx, top: y + dy, width, height };
        if (anchor.kind === "region") box.left = Math.min(Math.max(box.left, 2), now.width - width - 2);
        if (!page.take(box)) continue;
        placed.push({ ...anchor, ...box, text: short, font, dx: box.left - x, dy, color: null, alpha });
        return which;
      }
      return -1;
    };

    const putPoint = (point: number, font: Font, side = 0, centred = false): number => {
      if (named.has(point)) return -1;
      const at = 3 * point;
      const [x, y] = [now.places[at], now.places[at + 1]];
      if (!(x >= 0 && y >= 0 && x <= now.width && y <= now.height)) return -1;
      const strong = font === STRONG;
      const gap = centred ? 0 : now.gap + (strong ? 4 : 0);
      const found = put({ kind: "point", number: point }, x, y, now.textOf(point), font, gap, strong ? 1 : 0.86, side);
      if (found >= 0) {
        named.add(point);
        if (centred && now.textMode) placed[placed.length - 1].color = now.textMode(point);
      }
      return found;
    };

    if (now.hovered >= 0) putPoint(now.hovered, STRONG);
    for (let i = 0; i < Math.min(now.selected.length, SELECTED); i++) putPoint(now.selected[i], STRONG);
    now.marks.forEach(({ x, y, text }, number) => {
      put({ kind: "mark", number }, x, y, text, STRONG, 9, 1);
    });
    if (!now.textMode) this.placeRegions(now, put);

    // Coming from farther in, what stood there is no better than what has come into sight.
    const kept = now.zoom >= this.zoom * 0.999 ? this.before : new Map<number, number>();
    const sides = new Map<number, number>();
    let budget = now.textMode ? 1500 : budgetOf(now.inSight, now.zoom, now.width, now.height);
    const quota = new Quota(now, budget);
    const name = (point: number, side = 0) => {
      const found = putPoint(point, POINT, side, now.textMode !== null);
      if (found < 0) return;
      sides.set(point, found);
      quota.count(point);
      budget--;
    };
    if (now.order.length) {
      for (const [point, side] of kept) {
        if (budget > 0 && (!now.emphasis || now.emphasis[point])) name(point, side);
      }
    }
    for (const point of candidates(now)) {
      if (budget <= 0) break;
      if (quota.admits(point)) name(point);
    }
    this.before = sides;
    this.zoom = now.zoom;
    return placed;
  }

  private placeRegions(
    now: Situation,
    put: (anchor: Anchor, x: number, y: number, text: string, font: Font, gap: number, alpha: number) => number,
  ): void {
    const finest = now.regions.reduce((level, region) => Math.max(level, region.level), 0);
    const order = now.regions.map((_, number) => number);
    order.sort((a, b) => now.regions[a].level - now.regions[b].level || now.regions[b].size - now.regions[a].size);
    for (const number of order) {
      const { x, y, text, level } = now.regions[number];
      const alpha = regionAlpha(level, finest, now.zoom);
      if (alpha < 0.03 || !(x >= 0 && y >= 0 && x <= now.width && y <= now.height)) continue;
      put({ kind: "region", number }, x, y, text, REGIONS[Math.min(level, REGIONS.length - 1)], 0, alpha);
    }
  }
}

/** Spreads few names over the page: no corner of it takes them all. */
class Quota {
  private readonly columns: number;
  private readonly used: Uint16Array;
  private readonly most: number;

  constructor(private readonly now: Situation, budget: number) {
    this.columns = Math.ceil(now.width / PATCH);
    this.used = new Uint16Array(this.columns * Math.ceil(now.height / PATCH) + this.columns + 1);
    this.most = Math.max(Math.round((2 * budget) / this.used.length), 1);
  }

  admits(point: number): boolean {
    return this.used[this.patch(point)] < this.most;
  }

  count(point: number): void {
    this.used[this.patch(point)]++;
  }

  private patch(point: number): number {
    const { places } = this.now;
    return Math.floor(places[3 * point + 1] / PATCH) * this.columns + Math.floor(places[3 * point] / PATCH);
  }
}

/** Where a box may lie about its point: right, left, above, below; on it without a gap. */
function spotsOf(width: number, height: number, gap: number): [number, number][] {
  if (gap === 0) return [[-width / 2, -height / 2]];
  return [
    [gap, -height / 2],
    [-gap - width, -height / 2],
    [-width / 2, -gap - height],
    [-width / 2, gap],
  ];
}

/** The weightiest points in sight, and of a turned picture the near ones among them first. */
function candidates({ order, places, width, height, deep, emphasis }: Situation): number[] {
  const found: number[] = [];
  for (let rank = 0; rank < order.length && found.length < CANDIDATES; rank++) {
    if (emphasis && !emphasis[order[rank]]) continue;
    const at = 3 * order[rank];
    if (places[at] >= 0 && places[at + 1] >= 0 && places[at] <= width && places[at + 1] <= height) {
      found.push(order[rank]);
    }
  }
  if (!deep) return found;
  const score = new Map(found.map((point, rank) => [point, rank / found.length + 2 * places[3 * point + 2]]));
  return found.sort((a, b) => score.get(a)! - score.get(b)!);
}
