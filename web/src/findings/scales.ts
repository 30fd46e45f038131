/** From figures to places on paper, and the ticks of axes. */

export interface Scale {
  (value: number): number;
  domain: [number, number];
  ticks: number[];
  /** Where the axis is broken off before it goes on to zero. */
  gap?: number;
}

export function linear(low: number, high: number, from: number, to: number, about = 4): Scale {
  const span = high - low || 1;
  const place = (value: number) => from + ((value - low) / span) * (to - from);
  return Object.assign(place, { domain: [low, high] as [number, number], ticks: ticks(low, high, about) });
}

/** With at least so many ticks, and not many more. */
export function ticked(low: number, high: number, from: number, to: number, least: number): Scale {
  let about = Math.max(1, least - 1);
  // Steps grow by 2.5 at most, so this ends soon.
  while (high > low && ticks(low, high, about).length < least) about++;
  return linear(low, high, from, to, about);
}

/** Values at or below `low` lie on its edge: there is no logarithm of nothing. */
export function logarithmic(low: number, high: number, from: number, to: number): Scale {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const span = b - a || 1;
  const place = (value: number) => from + ((Math.log10(Math.max(value, low)) - a) / span) * (to - from);
  return Object.assign(place, { domain: [low, high] as [number, number], ticks: decades(low, high) });
}

/** The same from whole decades up, with a place of its own for zero at `nothing`, left of a gap. */
export function logarithmicAndZero(low: number, high: number, nothing: number, from: number, to: number): Scale {
  const rest = logarithmic(low, high, from, to);
  const place = (value: number) => (value > 0 ? rest(value) : nothing);
  return Object.assign(place, { domain: [0, high] as [number, number], ticks: [0, ...rest.ticks], gap: (nothing + from) / 2 });
}

/** Round numbers within a range: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, about: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= raw * 0.999) ?? 10);
  const found: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

/** The powers of ten within a range. */
export function decades(low: number, high: number): number[] {
  const found: number[] = [];
  for (let i = Math.ceil(Math.log10(low) - 1e-9); i <= Math.log10(high) + 1e-9; i++) found.push(Number((10 ** i).toPrecision(12)));
  return found;
}

/** The least and the greatest of what is there. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** Between which the inner `share` of what is there lies. */
export function inner(values: Iterable<number | null | undefined>, share: number): [number, number] | null {
  const sorted = [...values].filter((value): value is number => Number.isFinite(value)).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const cut = Math.floor((sorted.length * (1 - share)) / 2);
  return [sorted[cut], sorted[sorted.length - 1 - cut]];
}

/** A range with some air, which holds zero where `zero` says so. */
export function roomy([low, high]: [number, number], zero: boolean): [number, number] {
  const [a, b] = zero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
  const air = (b - a || Math.abs(b) || 1) * 0.06;
  return [zero && a === 0 ? 0 : a - air, zero && b === 0 ? 0 : b + air];
}

/** The number of the value that is nearest. */
export function nearest(values: number[], wanted: number): number {
  let best = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = i;
  });
  return best;
}

/** A line through what is there; where a value is missing it breaks off. */
export function path(places: ([number, number] | null)[]): string {
  let out = "";
  let drawing = false;
  for (const place of places) {
    if (place) out += `${drawing ? "L" : "M"}${place[0].toFixed(1)} ${place[1].toFixed(1)}`;
    drawing = place !== null;
  }
  return out;
}
