/** The picture as a file, as it is at this moment. */

import { drawFigure, type Figure } from "./figure";
import { CAPTION_HEIGHT, type Dot, svgOf } from "./svg";
import { fontOf } from "./text";
import type { Theme } from "./types";

/** All that a file is made of. */
export interface Shot {
  width: number;
  height: number;
  theme: Theme;
  figure: Figure;
  polylines: [number, number][][];
  /** Whether single dots would be too many for a file, or are no dots. */
  heavy: boolean;
  shaded: boolean;
  dots: () => Iterable<Dot>;
  /** Draws shading, and points or not, at so many pixels a CSS pixel; to be copied at once. */
  raster: (ratio: number, points: boolean) => HTMLCanvasElement;
}

function canvasOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  return canvas.getContext("2d")!;
}

/** A PNG, `ratio` pixels a CSS pixel. */
export function pngOf(shot: Shot, ratio: number, caption: string): Promise<Blob> {
  const { width, height, theme } = shot;
  const canvas = canvasOf(width * ratio, (height + (caption ? CAPTION_HEIGHT : 0)) * ratio);
  canvas.fillStyle = theme.ground;
  canvas.fillRect(0, 0, canvas.canvas.width, canvas.canvas.height);
  canvas.save();
  canvas.scale(ratio, ratio);
  canvas.beginPath();
  canvas.rect(0, 0, width, height);
  canvas.clip();
  canvas.strokeStyle = theme.muted;
  canvas.globalAlpha = 0.45;
  canvas.beginPath();
  for (const line of shot.polylines) line.forEach((at, i) => (i ? canvas.lineTo(...at) : canvas.moveTo(...at)));
  canvas.stroke();
  canvas.globalAlpha = 1;
  canvas.drawImage(shot.raster(ratio, true), 0, 0, width, height);
  drawFigure(canvas, shot.figure, theme);
  canvas.restore();
  if (caption) {
    canvas.scale(ratio, ratio);
    canvas.font = fontOf({ size: 12, weight: 400 });
    canvas.fillStyle = theme.muted;
    canvas.textBaseline = "middle";
    canvas.fillText(caption, 14, height + CAPTION_HEIGHT / 2, width - 28);
  }
  return new Promise((resolve, reject) => {
    canvas.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png");
  });
}

/** An SVG; very many points, and the shading, lie in it as an image. */
export function svgBlob(shot: Shot, caption: string): Blob {
  const { width, height, heavy } = shot;
  let raster: string | null = null;
  if (heavy || shot.shaded) {
    const canvas = canvasOf(width * 2, height * 2);
    canvas.drawImage(shot.raster(2, heavy), 0, 0, canvas.canvas.width, canvas.canvas.height);
    raster = canvas.canvas.toDataURL("image/png");
  }
  const dots = heavy ? [] : shot.dots();
  return new Blob([svgOf({ ...shot, dots, raster, caption })], { type: "image/svg+xml" });
}
