/** What lies under the pointer, or within an outline, among points already on the page. */

/** Three values a point: CSS pixels x, y, and the divisor of its perspective; NaN: not drawn. */
export type Places = Float32Array;

/** The point nearest to a pixel within `reach`, or -1. */
export function nearest(places: Places, x: number, y: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  for (let i = 0, at = 0; at < places.length; i++, at += 3) {
    const dx = places[at] - x;
    const dy = places[at + 1] - y;
    const distance = dx * dx + dy * dy;
    // Of equals the later one, which is drawn on top.
    if (distance <= least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

/** The corners of a box between two pixels, as an outline. */
export function boxOutline(ax: number, ay: number, bx: number, by: number): number[] {
  return [ax, ay, bx, ay, bx, by, ax, by];
}

/** Whether a pixel lies within an outline x0, y0, x1, y1, ..., by the even-odd rule. */
export function within(outline: ArrayLike<number>, x: number, y: number): boolean {
  let inside = false;
  const end = outline.length;
  for (let i = 0, j = end - 2; i < end; j = i, i += 2) {
    const above = outline[i + 1] > y;
    if (above === outline[j + 1] > y) continue;
    const cross = ((outline[j] - outline[i]) * (y - outline[i + 1])) / (outline[j + 1] - outline[i + 1]) + outline[i];
    if (x < cross) inside = !inside;
  }
  return inside;
}

/** The points within an outline, ascending. */
export function enclosed(places: Places, outline: ArrayLike<number>): Int32Array {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < outline.length; i += 2) {
    left = Math.min(left, outline[i]);
    right = Math.max(right, outline[i]);
    top = Math.min(top, outline[i + 1]);
    bottom = Math.max(bottom, outline[i + 1]);
  }
  const found: number[] = [];
  for (let i = 0, at = 0; at < places.length; i++, at += 3) {
    const x = places[at];
    const y = places[at + 1];
    if (x >= left && x <= right && y >= top && y <= bottom && within(outline, x, y)) found.push(i);
  }
  return Int32Array.from(found);
}

/** The points on a page of this size, nearest to its middle first, at most `limit`. */
export function nearMiddle(places: Places, width: number, height: number, limit: number): number[] {
  const RINGS = 1024;
  const ring = (x: number, y: number) =>
    Math.floor((Math.hypot(x / width - 0.5, y / height - 0.5) / Math.SQRT1_2) * (RINGS - 1));
  const rings: number[][] = Array.from({ length: RINGS }, () => []);
  for (let i = 0, at = 0; at < places.length; i++, at += 3) {
    const x = places[at];
    const y = places[at + 1];
    if (x >= 0 && y >= 0 && x <= width && y <= height) rings[ring(x, y)].push(i);
  }
  const near: number[] = [];
  for (const members of rings) {
    near.push(...members.slice(0, limit - near.length));
    if (near.length >= limit) break;
  }
  return near;
}
