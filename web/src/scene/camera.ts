/**
 * Where a point of the data lands on the page, and back.
 *
 * Data is first brought to units in which all points lie within [-1, 1] (`Frame`). One picture
 * serves two and three dimensions: flat is `depth` 0, where nothing is turned and nothing recedes;
 * `depth` goes to 1 as a flat map unfolds.
 */

import type { Camera, Dims } from "./types";

export type Vec3 = [number, number, number];

/** How data units become units of the picture, and what a zoom of 1 must show. */
export interface Frame {
  dims: Dims;
  center: Vec3;
  scale: number;
  /** Half the width and height of everything, in units. */
  half: [number, number];
}

/** A camera in units, with what it looks at and the size of the picture in CSS pixels. */
export interface View extends Camera {
  half: [number, number];
  depth: number;
  width: number;
  height: number;
}

/** The view worked out for many points: `rows` turn and scale a unit to CSS pixels. */
export interface Lens {
  center: Vec3;
  rows: number[];
  /** What a pixel toward the viewer takes off the divisor. */
  recede: number;
  pixels: number;
  width: number;
  height: number;
}

/** Distance of the eye, in units: far enough for a mild perspective that never passes a point. */
const EYE = 3.6;
/** The silhouette of the unit ball, seen from there. */
const BULGE = 1 / Math.sqrt(1 - 1 / EYE ** 2);
const ZOOM_LIMITS = [0.25, 600] as const;

export const HOME: Camera = { center: [0, 0, 0], zoom: 1, yaw: 0.6, pitch: 0.4 };

/** The frame of points given as columns; those with a value that is no number do not count. */
export function frameOf(columns: Float32Array[]): Frame {
  const [x, y, z] = columns;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const finite = (i: number) => Number.isFinite(x[i] + y[i] + (z ? z[i] : 0));
  for (let i = 0; i < x.length; i++) {
    if (!finite(i)) continue;
    for (let axis = 0; axis < columns.length; axis++) {
      const value = columns[axis][i];
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
  }
  const middle = (axis: number) => (high[axis] >= low[axis] ? (low[axis] + high[axis]) / 2 : 0);
  const center: Vec3 = [middle(0), middle(1), middle(2)];
  if (!z) {
    const wide = Math.max(high[0] - center[0], 0);
    const tall = Math.max(high[1] - center[1], 0);
    const scale = Math.max(wide, tall) || 1;
    return { dims: 2, center, scale, half: [Math.max(wide / scale, 0.02), Math.max(tall / scale, 0.02)] };
  }
  let farthest = 0;
  for (let i = 0; i < x.length; i++) {
    if (!finite(i)) continue;
    const distance = (x[i] - center[0]) ** 2 + (y[i] - center[1]) ** 2 + (z[i] - center[2]) ** 2;
    if (distance > farthest) farthest = distance;
  }
  return { dims: 3, center, scale: Math.sqrt(farthest) || 1, half: [BULGE, BULGE] };
}

/** Columns in units, three values a point; NaN thrice where any value is no number. */
export function inUnits(columns: Float32Array[], frame: Frame): Float32Array {
  const [x, y, z] = columns;
  const units = new Float32Array(x.length * 3);
  for (let i = 0; i < x.length; i++) {
    const depth = z ? (z[i] - frame.center[2]) / frame.scale : 0;
    const across = (x[i] - frame.center[0]) / frame.scale;
    const up = (y[i] - frame.center[1]) / frame.scale;
    const all = Number.isFinite(across + up + depth);
    units[3 * i] = all ? across : NaN;
    units[3 * i + 1] = all ? up : NaN;
    units[3 * i + 2] = all ? depth : NaN;
  }
  return units;
}

/** A place in data units, in units. */
export function toUnits(place: ArrayLike<number>, frame: Frame): Vec3 {
  const along = (axis: number) => (((place[axis] ?? frame.center[axis]) - frame.center[axis]) / frame.scale);
  return [along(0), along(1), frame.dims === 3 ? along(2) : 0];
}

/** A place in units, in data units. */
export function toData(place: Vec3, frame: Frame): Vec3 {
  const along = (axis: number) => frame.center[axis] + place[axis] * frame.scale;
  return [along(0), along(1), along(2)];
}

const margin = (size: number) => Math.min(Math.max(size * 0.06, 14), 44);

/** CSS pixels a unit that show something of this half width and height whole. */
export function fitting(half: readonly [number, number], width: number, height: number): number {
  const edge = margin(Math.min(width, height));
  const fit = Math.min((width - 2 * edge) / (2 * half[0]), (height - 2 * edge) / (2 * half[1]));
  // A picture without room, or not laid out yet, has no other way to look sane.
  return Math.max(fit, 1);
}

/** The rows of the turn: vertical axis first, then tipped toward the viewer. */
export function turned(yaw: number, pitch: number): number[] {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return [cy, 0, sy, sy * sp, cp, -cy * sp, -sy * cp, sp, cy * cp];
}

export function lensOf(view: View): Lens {
  const pixels = view.zoom * fitting(view.half, view.width, view.height);
  return {
    center: view.center,
    rows: turned(view.yaw * view.depth, view.pitch * view.depth),
    recede: view.depth / EYE,
    pixels,
    width: view.width,
    height: view.height,
  };
}

/** CSS pixels of a place in units, and the divisor of its perspective: below 1 is near. */
export function project(lens: Lens, x: number, y: number, z: number): Vec3 {
  const { rows, center } = lens;
  const [a, b, c] = [x - center[0], y - center[1], z - center[2]];
  const divisor = Math.max(1 - lens.recede * (rows[6] * a + rows[7] * b + rows[8] * c), 0.05);
  const scale = lens.pixels / divisor;
  return [
    lens.width / 2 + scale * (rows[0] * a + rows[1] * b + rows[2] * c),
    lens.height / 2 - scale * (rows[3] * a + rows[4] * b + rows[5] * c),
    divisor,
  ];
}

/** The place in units under a pixel, on the plane through the camera's centre. */
export function unproject(lens: Lens, x: number, y: number): Vec3 {
  const right = (x - lens.width / 2) / lens.pixels;
  const up = (lens.height / 2 - y) / lens.pixels;
  const along = (axis: number) => lens.center[axis] + lens.rows[axis] * right + lens.rows[3 + axis] * up;
  return [along(0), along(1), along(2)];
}

/** The camera after what lies under one pixel was brought under another, and `factor` closer. */
export function moved(view: View, from: [number, number], to: [number, number], factor = 1): Camera {
  const zoom = Math.min(Math.max(view.zoom * factor, ZOOM_LIMITS[0]), ZOOM_LIMITS[1]);
  const kept = unproject(lensOf(view), ...from);
  const now = unproject(lensOf({ ...view, zoom }), ...to);
  // Nobody gets lost: the centre stays near the points.
  const along = (axis: number) => Math.min(Math.max(view.center[axis] + kept[axis] - now[axis], -1.3), 1.3);
  return { center: [along(0), along(1), along(2)], zoom, yaw: view.yaw, pitch: view.pitch };
}

/** The camera turned by a drag of so many pixels. */
export function turnedBy(camera: Camera, dx: number, dy: number): Camera {
  const pitch = Math.min(Math.max(camera.pitch + dy * 0.007, -Math.PI / 2), Math.PI / 2);
  return { ...camera, yaw: camera.yaw + dx * 0.007, pitch };
}

/** A camera on the way from one to another; zooming goes straight at what will be the middle. */
export function between(a: Camera, b: Camera, t: number): Camera {
  if (t >= 1) return b;
  const zoom = a.zoom * (b.zoom / a.zoom) ** t;
  const zooming = Math.abs(b.zoom / a.zoom - 1) > 1e-3;
  const share = zooming ? (1 / a.zoom - 1 / zoom) / (1 / a.zoom - 1 / b.zoom) : t;
  const along = (axis: number) => a.center[axis] + (b.center[axis] - a.center[axis]) * share;
  return {
    center: [along(0), along(1), along(2)],
    zoom,
    yaw: a.yaw + (b.yaw - a.yaw) * t,
    pitch: a.pitch + (b.pitch - a.pitch) * t,
  };
}

/** The camera that shows these points whole, seen from the same side. */
export function around(view: View, units: Float32Array, points: Iterable<number>, closest: number): Camera | null {
  const { rows } = lensOf(view);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const i of points) {
    if (Number.isNaN(units[3 * i])) continue;
    for (let axis = 0; axis < 3; axis++) {
      let value = 0;
      for (let k = 0; k < 3; k++) value += rows[3 * axis + k] * units[3 * i + k];
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
  }
  if (low[0] > high[0]) return null;
  const middle = [0, 1, 2].map((axis) => (low[axis] + high[axis]) / 2);
  const half = [0, 1].map((axis) => Math.max((high[axis] - low[axis]) / 2, 1e-6)) as [number, number];
  const { width, height } = view;
  const zoom = Math.min(fitting(half, width, height) / fitting(view.half, width, height), closest);
  // Back from the turned axes: the transpose of the turn.
  const along = (axis: number) => rows[axis] * middle[0] + rows[3 + axis] * middle[1] + rows[6 + axis] * middle[2];
  return { center: [along(0), along(1), along(2)], zoom, yaw: view.yaw, pitch: view.pitch };
}

/** Slow at both ends. */
export const eased = (t: number) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
