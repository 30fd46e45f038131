/** What a search found, as it is listed: a value that several points have stands for all of them first. */

export interface Hit {
  value: string;
  /** One point, or all that have the value. */
  points: number[];
}

/** What matches whole first, then what begins so, then the shortest; at most `limit`. */
export function hitsOf(found: Iterable<number>, valueOf: (point: number) => string, pattern: string, limit: number): Hit[] {
  const byValue = new Map<string, number[]>();
  for (const point of found) {
    const value = valueOf(point);
    const alike = byValue.get(value);
    if (alike) alike.push(point);
    else byValue.set(value, [point]);
  }
  const asked = pattern.toLowerCase();
  const rank = (value: string) => {
    const lower = value.toLowerCase();
    return lower === asked ? 0 : lower.startsWith(asked) ? 1 : 2;
  };
  const values = Array.from(byValue, ([value, points]) => ({ value, points, rank: rank(value), exact: value === pattern }));
  // Of two spellings of the whole the one that was typed.
  values.sort(
    (a, b) => a.rank - b.rank || Number(b.exact) - Number(a.exact) || a.value.length - b.value.length || a.points[0] - b.points[0],
  );
  const hits: Hit[] = [];
  for (const { value, points } of values) {
    if (points.length > 1) hits.push({ value, points });
    for (const point of points) {
      if (hits.length >= limit) return hits;
      hits.push({ value, points: [point] });
    }
  }
  return hits;
}
