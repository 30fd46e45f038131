/** What a file of the picture is made of, taken from the picture as it is. */

import type { Drawing } from "./drawing";
import { drawOrder } from "./order";
import type { Shot } from "./picture";
import { ringed } from "./points";
import type { Dot } from "./svg";

/** Above this a file of single dots would be too heavy to open. */
const MANY = 100_000;

export function shotOf(drawing: Drawing): Shot {
  const { cloud, viewpoint: { lens }, overlay, theme, places } = drawing;
  // Where the pointer happens to be is not part of it, nor are the tools over the map.
  const { hovered, covered } = overlay;
  Object.assign(overlay, { hovered: -1, covered: [] });
  overlay.compose(drawing.moment);
  Object.assign(overlay, { hovered, covered });
  drawing.redraw();
  const at = (point: number): [number, number] => [places[3 * point], places[3 * point + 1]];
  const polylines = drawing.polylines.map((line) => Array.from(line).filter((point) => cloud.shown[point]).map(at));
  return {
    width: lens.width,
    height: lens.height,
    theme,
    figure: overlay.figure,
    polylines: polylines.filter((line) => line.length > 1),
    heavy: cloud.count > MANY || drawing.sprites !== null,
    shaded: drawing.density,
    dots: () => dotsOf(drawing),
    raster: (ratio, points) => rasterOf(drawing, ratio, points),
  };
}

/** Draws the layers of the graphics card larger for a moment, and copies them. */
function rasterOf(drawing: Drawing, ratio: number, points: boolean): HTMLCanvasElement {
  const { canvas } = drawing.stage;
  const { width, height } = canvas;
  const { lens } = drawing.viewpoint;
  const copy = document.createElement("canvas");
  copy.width = canvas.width = Math.round(lens.width * ratio);
  copy.height = canvas.height = Math.round(lens.height * ratio);
  drawing.paint(points ? { ...drawing.look(ratio), lines: false } : null);
  copy.getContext("2d")!.drawImage(canvas, 0, 0);
  Object.assign(canvas, { width, height });
  drawing.paint(drawing.look(drawing.ratio));
  return copy;
}

/** The dots in the order in which they are drawn, the selected ones once more on top. */
function* dotsOf(drawing: Drawing): Iterable<Dot> {
  const { cloud, emphasis, colors, places } = drawing;
  const { lens, diameter, opacity } = drawing.look(1);
  const dot = (point: number, size: number, alpha: number, ring: number): Dot | null => {
    const [x, y, divisor] = places.subarray(3 * point, 3 * point + 3);
    if (!(x > -size && y > -size && x < lens.width + size && y < lens.height + size)) return null;
    // A few sizes only: dots that look alike share a path.
    const width = Math.round((size / divisor) * 4) / 4;
    return { x, y, diameter: width, color: drawing.colorOf(point), opacity: alpha, ring };
  };
  const toward = cloud.frame.dims === 3 ? lens.rows.slice(6) : null;
  for (const point of drawOrder(cloud.to, cloud.shown, emphasis, toward)) {
    const alpha = (colors.palette[4 * (colors.codes[point] ?? 0) + 3] ?? 255) / 255;
    const faded = emphasis !== null && !emphasis[point];
    const made = dot(point, faded ? diameter * 0.85 : diameter, opacity * alpha * (faded ? 0.22 : 1), 0);
    if (made) yield made;
  }
  const selected = Array.from(drawing.overlay.selected).filter((point) => cloud.shown[point]);
  const { size, ring } = ringed(diameter, selected.length);
  for (const point of selected) {
    const made = dot(point, size, 1, ring);
    if (made) yield made;
  }
}
