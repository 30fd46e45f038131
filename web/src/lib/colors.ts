/** Colours of points: categories in any number, numbers on a scale, fit for colour-blind eyes. */

import type { Colors } from "../scene/types";

export type RGB = [number, number, number];

/**
 * Eight colours that stay apart for all common kinds of colour blindness (Okabe & Ito 2008, its
 * yellow and black replaced: neither is seen on both a white and a black ground).
 */
const DISTINCT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8c6bb1", "#a3a500"];
const DISTINCT_DARK = ["#4aa8e0", "#f0b43c", "#2fc59a", "#e39ac3", "#f0803c", "#8fd0f5", "#b294d6", "#868c1e"];
const MISSING: Record<"light" | "dark", RGB> = { light: [186, 188, 192], dark: [92, 96, 102] };
/** Cividis (Nuñez, Anderton & Renslow 2018), nine of its colours: alike for colour-blind eyes. */
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

export function hex(color: string): RGB {
  const value = parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function css([r, g, b]: RGB): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Colour of the category with this number, most frequent first. */
export function category(number: number, dark: boolean): RGB {
  const distinct = dark ? DISTINCT_DARK : DISTINCT;
  if (number < distinct.length) return hex(distinct[number]);
  // The golden angle keeps any run of further hues apart; lightness takes turns too.
  const hue = (number * 137.508) % 360;
  const lightness = [0.52, 0.64, 0.42][number % 3] + (dark ? 0.1 : 0);
  return hsl(hue, 0.55, lightness);
}

/** Colour on the continuous scale, `share` in [0, 1]. */
export function scale(share: number, dark: boolean): RGB {
  // Each ground hides one end of the scale: it is left out there.
  const at = (dark ? 0.16 + 0.84 * share : 0.94 * share) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(at));
  const a = hex(CIVIDIS[low]);
  const b = hex(CIVIDIS[low + 1]);
  return a.map((value, i) => Math.round(value + (b[i] - value) * (at - low))) as RGB;
}

function hsl(hue: number, saturation: number, lightness: number): RGB {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const part = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

function palette(colors: RGB[]): Uint8Array {
  const bytes = new Uint8Array(colors.length * 4);
  colors.forEach((color, row) => bytes.set([...color, 255], row * 4));
  return bytes;
}

export function missing(dark: boolean): RGB {
  return MISSING[dark ? "dark" : "light"];
}

export function plainColors(n: number, color: RGB): Colors {
  return { codes: new Uint16Array(n), palette: palette([color]) };
}

/** `codes` are categories' numbers, -1 where there is none. */
export function categoryColors(codes: Int32Array, count: number, dark: boolean): Colors {
  // Row 0 is for what is missing; what passes the palette's 65,535 rows begins anew.
  const rows = Math.min(count, 65_534);
  const colors = [missing(dark), ...Array.from({ length: rows }, (_, number) => category(number, dark))];
  return { codes: Uint16Array.from(codes, (code) => (code < 0 ? 0 : 1 + (code % rows))), palette: palette(colors) };
}

const STEPS = 255;

/** Numbers from `low` to `high` on the scale; NaN is missing. */
export function numberColors(values: ArrayLike<number>, low: number, high: number, dark: boolean): Colors {
  const colors = [missing(dark), ...Array.from({ length: STEPS + 1 }, (_, i) => scale(i / STEPS, dark))];
  const span = high - low || 1;
  const code = (value: number) =>
    Number.isNaN(value) ? 0 : 1 + Math.round(STEPS * Math.min(1, Math.max(0, (value - low) / span)));
  return { codes: Uint16Array.from(values, code), palette: palette(colors) };
}
