/** Sets of points as short text: ascending numbers, runs joined, gaps in base 36. */

/** `[3, 4, 5, 9]` becomes `3-2.4`: start, how many follow it, then the gap to the next. */
export function encodePoints(points: ArrayLike<number>): string {
  const sorted = Int32Array.from(points).sort();
  const parts: string[] = [];
  let last = 0;
  for (let i = 0; i < sorted.length; ) {
    const start = sorted[i];
    let end = start;
    for (i++; i < sorted.length && sorted[i] <= end + 1; i++) end = sorted[i];
    const gap = (start - last).toString(36);
    parts.push(end > start ? `${gap}-${(end - start).toString(36)}` : gap);
    last = end;
  }
  return parts.join(".");
}

/** The other way; what is no such text, or names points from `limit` on, gives nothing of it. */
export function decodePoints(text: string, limit: number): Int32Array {
  const points: number[] = [];
  let last = 0;
  for (const part of text ? text.split(".") : []) {
    const found = /^([0-9a-z]{1,6})(?:-([0-9a-z]{1,6}))?$/.exec(part);
    if (!found) return new Int32Array(0);
    const start = last + parseInt(found[1], 36);
    const end = start + (found[2] ? parseInt(found[2], 36) : 0);
    if (start >= limit) break;
    for (let point = start; point <= Math.min(end, limit - 1); point++) points.push(point);
    last = end;
  }
  return Int32Array.from(points);
}
