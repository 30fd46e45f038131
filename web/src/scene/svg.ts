/** The picture as an SVG file. */

import { type Figure, HALO, MARK } from "./figure";
import { FONT_FAMILY } from "./text";
import type { Theme } from "./types";

/** One dot of the picture, those behind first. */
export interface Dot {
  x: number;
  y: number;
  diameter: number;
  color: string;
  opacity: number;
  /** Width of the ring about it; 0 is none. */
  ring: number;
}

export interface Print {
  width: number;
  height: number;
  theme: Theme;
  figure: Figure;
  dots: Iterable<Dot>;
  polylines: [number, number][][];
  /** What lies beneath the dots (or is them, if there are too many) as the address of an image. */
  raster: string | null;
  caption: string;
}

export const CAPTION_HEIGHT = 34;

/** A text as it may stand in SVG: signs of markup are written out, what XML cannot hold is gone. */
export function escaped(text: string): string {
  const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (sign) => signs[sign]);
}

const short = (value: number) => String(Math.round(value * 100) / 100);

/** Dots as one path for each look: a stroke without length has a round end and nothing else. */
function dotPaths(dots: Iterable<Dot>, accent: string, ground: string): string[] {
  const paths = new Map<string, string[]>();
  for (const { x, y, diameter, color, opacity, ring } of dots) {
    const layers: [string, number, number][] = [[color, diameter, opacity]];
    if (ring) layers.unshift([accent, diameter + 2 * ring, 1], [ground, diameter + ring, 1]);
    for (const [ink, width, alpha] of layers) {
      const look = `stroke="${escaped(ink)}" stroke-width="${short(width)}" stroke-opacity="${short(alpha)}"`;
      const path = paths.get(look) ?? [];
      paths.set(look, path);
      path.push(`M${short(x)} ${short(y)}h0`);
    }
  }
  return [...paths].map(([look, path]) => `<path ${look} d="${path.join("")}"/>`);
}

export function svgOf({ width, height, theme, figure, dots, polylines, raster, caption }: Print): string {
  const whole = height + (caption ? CAPTION_HEIGHT : 0);
  const [ground, text, muted, accent] = [theme.ground, theme.text, theme.muted, theme.accent].map(escaped);
  const strokes = polylines.map((line) => `M${line.map(([x, y]) => `${short(x)} ${short(y)}`).join("L")}`);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}">`,
    `<rect width="100%" height="100%" fill="${ground}"/>`,
    `<svg width="${width}" height="${height}">`,
    raster ? `<image width="${width}" height="${height}" href="${raster}"/>` : "",
    strokes.length ? `<path fill="none" stroke="${muted}" stroke-opacity="0.45" d="${strokes.join("")}"/>` : "",
    `<g fill="none" stroke-linecap="round">`,
    ...dotPaths(dots, theme.accent, theme.ground),
    `</g><g stroke="${accent}" stroke-width="1.2" stroke-linecap="round">`,
    ...figure.lines.map(
      ({ from, to, strength }) =>
        `<path stroke-opacity="${short(strength)}" d="M${from.map(short).join(" ")}L${to.map(short).join(" ")}"/>`,
    ),
    `</g><g fill="${accent}" stroke="${ground}" stroke-width="5" stroke-linejoin="round" paint-order="stroke">`,
    ...figure.marks.map(
      ({ x, y }) => `<path d="M${short(x)} ${short(y - MARK)}l${MARK} ${MARK}l-${MARK} ${MARK}l-${MARK} -${MARK}z"/>`,
    ),
    `</g><g font-family="${escaped(FONT_FAMILY)}" fill="${text}" stroke="${ground}" stroke-width="${HALO}"`,
    ` stroke-linejoin="round" paint-order="stroke" dominant-baseline="central">`,
    ...figure.labels.map(({ left, top, height: tall, text: words, font, color, alpha, kind }) => {
      const ink = color ?? (kind === "mark" ? theme.accent : "");
      const look = `font-size="${font.size}" font-weight="${font.weight}" opacity="${short(alpha)}"`;
      const fill = ink ? ` fill="${escaped(ink)}"` : "";
      return `<text x="${short(left + 2)}" y="${short(top + tall / 2)}" ${look}${fill}>${escaped(words)}</text>`;
    }),
    `</g></svg>`,
    caption
      ? `<text x="14" y="${height + 21}" font-family="${escaped(FONT_FAMILY)}" font-size="12" fill="${muted}">${escaped(caption)}</text>`
      : "",
    `</svg>`,
  ];
  return parts.join("");
}
