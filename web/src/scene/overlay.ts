/** The canvas over the points: names, lines, marks, and the outline that is being drawn. */

import { type Lens, project, toUnits, type Vec3 } from "./camera";
import type { Cloud } from "./cloud";
import { drawFigure, drawOutline, type Figure } from "./figure";
import { type Label, Labels } from "./labels";
import type { Box } from "./occupancy";
import { byWeight } from "./order";
import { Widths } from "./text";
import type { Line, Mark, RegionLabel, Theme } from "./types";

/** What a frame tells the overlay. */
export interface Moment {
  lens: Lens;
  zoom: number;
  /** Diameter of a point in CSS pixels. */
  diameter: number;
  colorOf: (point: number) => string;
  emphasis: Uint8Array | null;
}

export class Overlay {
  readonly canvas = document.createElement("canvas");
  names: { text: (point: number) => string; weight: Float32Array | null } | null = null;
  regions: RegionLabel[] = [];
  marks: Mark[] = [];
  lines: Line[] = [];
  selected: ArrayLike<number> = [];
  hovered = -1;
  textMode = false;
  outline: number[] | null = null;
  covered: Box[] = [];
  figure: Figure = { lines: [], marks: [], ring: null, labels: [] };
  private ranked: { names: Overlay["names"]; order: Uint32Array } = { names: null, order: new Uint32Array(0) };
  private readonly context = this.canvas.getContext("2d")!;
  private readonly labels = new Labels(
    new Widths((text, font) => {
      this.context.font = font;
      return this.context.measureText(text).width;
    }),
  );

  constructor(private readonly cloud: Cloud) {}

  /** Works out everything anew. */
  compose(moment: Moment): void {
    const { lens, zoom, diameter, colorOf } = moment;
    const { cloud } = this;
    const places = cloud.placesOn(lens);
    const onPage = (place: ArrayLike<number>) => {
      const [x, y] = this.placeOf(place, lens);
      return { x, y };
    };
    this.strokes(moment);
    this.figure.labels = this.labels.place({
      width: lens.width,
      height: lens.height,
      zoom,
      places,
      inSight: cloud.inSight,
      covered: this.covered,
      gap: diameter / 2 + 2,
      hovered: this.hovered < cloud.count ? this.hovered : -1,
      selected: this.selected,
      marks: this.marks.map(({ place, text }) => ({ ...onPage(place), text })),
      regions: this.regions.map((region) => ({ ...region, ...onPage(region.place) })),
      emphasis: moment.emphasis,
      order: this.order(),
      textOf: (point) => this.names?.text(point) ?? "",
      textMode: this.textMode ? colorOf : null,
      deep: lens.recede > 0,
    });
  }

  /** Moves what stands there along with its anchors: far cheaper than placing anew. */
  follow(moment: Moment): void {
    const { lens } = moment;
    this.strokes(moment);
    const anchor = ({ kind, number }: Label): Vec3 => {
      if (kind === "point") return this.cloud.placeOf(number, lens);
      return this.placeOf((kind === "region" ? this.regions : this.marks)[number].place, lens);
    };
    for (const label of this.figure.labels) {
      const [x, y] = anchor(label);
      label.left = x + label.dx;
      label.top = y + label.dy;
    }
  }

  draw(theme: Theme, ratio: number): void {
    const { context, canvas, outline } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawFigure(context, this.figure, theme);
    if (outline) drawOutline(context, outline, theme);
  }

  /** Points by the weight of their names; sorted once for the same names of as many points. */
  private order(): Uint32Array {
    const { names, ranked, cloud: { count } } = this;
    if (!names) return new Uint32Array(0);
    if (ranked.names !== names || ranked.order.length !== count) {
      this.ranked = { names, order: byWeight(count, names.weight) };
    }
    return this.ranked.order;
  }

  private placeOf(place: ArrayLike<number>, lens: Lens): Vec3 {
    return project(lens, ...toUnits(place, this.cloud.frame));
  }

  /** Lines, marks and the ring. */
  private strokes({ lens, diameter, colorOf }: Moment): void {
    const { cloud, figure, hovered } = this;
    const pixel = (point: number): [number, number] => {
      const [x, y] = cloud.placeOf(point, lens);
      return [x, y];
    };
    figure.lines = this.lines
      .map(({ from, to, strength }) => ({ from: pixel(from), to: pixel(to), strength }))
      .filter(({ from, to }) => !Number.isNaN(from[0] + to[0]));
    figure.marks = this.marks.map(({ place }) => {
      const [x, y] = this.placeOf(place, lens);
      return { x, y };
    });
    const [x, y, divisor] = cloud.placeOf(hovered, lens);
    const radius = Math.max(diameter / divisor, 6) * 0.55;
    figure.ring = Number.isNaN(x) ? null : { x, y, radius, color: colorOf(hovered) };
  }
}
