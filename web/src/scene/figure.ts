/** All that lies over the points, worked out once and drawn on canvas or as SVG. */

import type { Label } from "./labels";
import { fontOf } from "./text";
import type { Theme } from "./types";

export interface Segment {
  from: [number, number];
  to: [number, number];
  strength: number;
}

export interface Figure {
  lines: Segment[];
  marks: { x: number; y: number }[];
  /** Of the point under the pointer: its place, radius and colour. */
  ring: { x: number; y: number; radius: number; color: string } | null;
  labels: Label[];
}

/** Half the diagonal of a mark. */
export const MARK = 6.5;
/** Width of the halo about texts. */
export const HALO = 3;

/** Draws a figure over whatever the canvas shows. */
export function drawFigure(canvas: CanvasRenderingContext2D, figure: Figure, theme: Theme): void {
  canvas.lineCap = canvas.lineJoin = "round";
  canvas.strokeStyle = theme.accent;
  canvas.lineWidth = 1.2;
  for (const { from, to, strength } of figure.lines) {
    canvas.globalAlpha = strength;
    canvas.beginPath();
    canvas.moveTo(...from);
    canvas.lineTo(...to);
    canvas.stroke();
  }
  canvas.globalAlpha = 1;
  if (figure.ring) drawRing(canvas, figure.ring, theme);
  for (const { x, y } of figure.marks) {
    canvas.beginPath();
    for (const [dx, dy] of [[0, -MARK], [MARK, 0], [0, MARK], [-MARK, 0]]) canvas.lineTo(x + dx, y + dy);
    canvas.closePath();
    canvas.strokeStyle = theme.ground;
    canvas.lineWidth = 5;
    canvas.stroke();
    canvas.fillStyle = theme.accent;
    canvas.fill();
  }
  drawLabels(canvas, figure.labels, theme);
}

function drawRing(canvas: CanvasRenderingContext2D, ring: NonNullable<Figure["ring"]>, theme: Theme): void {
  const disc = (radius: number, color: string) => {
    canvas.fillStyle = color;
    canvas.beginPath();
    canvas.arc(ring.x, ring.y, radius, 0, 2 * Math.PI);
    canvas.fill();
  };
  disc(ring.radius + 3.5, theme.text);
  disc(ring.radius + 2, theme.ground);
  disc(ring.radius, ring.color);
}

function drawLabels(canvas: CanvasRenderingContext2D, labels: Label[], theme: Theme): void {
  canvas.textBaseline = "middle";
  canvas.textAlign = "left";
  canvas.lineWidth = HALO;
  canvas.strokeStyle = theme.ground;
  let font: Label["font"] | null = null;
  for (const label of labels) {
    if (label.font !== font) {
      font = label.font;
      canvas.font = fontOf(font);
    }
    canvas.globalAlpha = label.alpha;
    const [x, y] = [Math.round(label.left) + 2, Math.round(label.top + label.height / 2)];
    canvas.strokeText(label.text, x, y);
    canvas.fillStyle = label.color ?? (label.kind === "mark" ? theme.accent : theme.text);
    canvas.fillText(label.text, x, y);
  }
  canvas.globalAlpha = 1;
}

/** Draws the outline of a box or lasso that is being drawn. */
export function drawOutline(canvas: CanvasRenderingContext2D, outline: ArrayLike<number>, theme: Theme): void {
  canvas.beginPath();
  for (let i = 0; i < outline.length; i += 2) canvas.lineTo(outline[i], outline[i + 1]);
  canvas.closePath();
  canvas.fillStyle = canvas.strokeStyle = theme.accent;
  canvas.globalAlpha = 0.1;
  canvas.fill();
  canvas.globalAlpha = 1;
  canvas.lineWidth = 1.2;
  canvas.setLineDash([4, 3]);
  canvas.stroke();
  canvas.setLineDash([]);
}
