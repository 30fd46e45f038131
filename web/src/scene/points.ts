/** The layer of points and of the lines that join them, on the graphics card. */

import { type Lens } from "./camera";
import { paletteTexels, type RGB } from "./color";
import { type GL, link, once, texture } from "./gl";
import { LINE_FRAGMENT, LINE_VERTEX, POINT_FRAGMENT, POINT_VERTEX } from "./shaders";
import type { Colors, Sprites } from "./types";

/** How the points look in one frame. */
export interface Look {
  lens: Lens;
  /** How far the glide from the last places has come. */
  t: number;
  /** Diameter of a dot in CSS pixels. */
  diameter: number;
  opacity: number;
  /** Pixels of the drawing a CSS pixel. */
  ratio: number;
  ground: RGB;
  accent: RGB;
  muted: RGB;
  /** Draws the joining lines too: a printed picture has its own. */
  lines: boolean;
  /** Draws only a sample of the points, so that a slow machine can follow a movement. */
  thin: boolean;
}

/** Diameter of a dot in CSS pixels: many points are small, and grow slowly as one comes closer. */
export function diameterOf(n: number, zoom: number, extent: number): number {
  const room = Math.min(Math.max(Math.sqrt(extent / 900), 0.6), 1.15);
  const usual = Math.min(Math.max(9 * (Math.max(n, 1) / 200) ** -0.188, 1.6), 9) * room;
  return Math.min(Math.max(usual * Math.max(zoom, 0.5) ** 0.32, 1), Math.max(10, usual));
}

/** Opacity of a dot: where very many lie one upon another, each is a little clearer. */
export function opacityOf(n: number, zoom: number): number {
  const usual = Math.min(Math.max(0.92 - 0.11 * Math.log10(Math.max(n, 1) / 1000), 0.5), 0.92);
  return Math.min(usual * Math.max(zoom, 1) ** 0.08, 0.95);
}

/** Size and ring of so many selected points: a few stand out, thousands must not hide one another. */
export function ringed(diameter: number, count: number): { size: number; ring: number } {
  const few = Math.min(Math.max(1.6 - Math.log10(Math.max(count, 1)) / 2, 0), 1);
  return { size: Math.max(diameter * (1 + 0.25 * few), 5 * few), ring: 1 + 2 * few };
}

/** Diameter of a tile in CSS pixels. */
export const tileSize = (zoom: number) => Math.min(24 * Math.max(zoom, 0.5) ** 0.4, 128);

type Indices = "order" | "sample" | "selected" | "joined";
type Stream = "from" | "to" | "codes" | "faded" | Indices;

export class PointLayer {
  private readonly dots;
  private readonly strokes;
  private readonly shape;
  private readonly buffers = {} as Record<Stream, WebGLBuffer>;
  private readonly counts = { order: 0, sample: 0, selected: 0, joined: 0 };
  private readonly palette;
  private readonly sheet;
  private tiles: { columns: number; tile: [number, number] } | null = null;

  constructor(private readonly gl: GL) {
    this.dots = link(gl, POINT_VERTEX, POINT_FRAGMENT);
    this.strokes = once(() => link(gl, LINE_VERTEX, LINE_FRAGMENT)());
    this.shape = gl.createVertexArray();
    gl.bindVertexArray(this.shape);
    for (const name of ["from", "to", "codes", "faded", "order", "sample", "selected", "joined"] as const) {
      this.buffers[name] = gl.createBuffer();
    }
    const stream = (name: Stream, location: number) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.enableVertexAttribArray(location);
    };
    stream("from", 0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    stream("to", 1);
    gl.vertexAttribPointer(1, 3, gl.FLOAT, false, 0, 0);
    stream("codes", 2);
    gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_SHORT, 0, 0);
    stream("faded", 3);
    gl.vertexAttribIPointer(3, 1, gl.UNSIGNED_BYTE, 0, 0);
    this.palette = texture(gl, false);
    this.sheet = texture(gl, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
  }

  /** Values of every point. */
  setStream(name: "from" | "to" | "codes" | "faded", values: ArrayBufferView<ArrayBuffer>): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.STATIC_DRAW);
  }

  /** Numbers of points: those drawn, in order; some of them; the selected ones; pairs that a line joins. */
  setIndices(name: Indices, points: Uint32Array<ArrayBuffer>): void {
    this.gl.bindVertexArray(this.shape);
    this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferData(this.gl.ELEMENT_ARRAY_BUFFER, points, this.gl.DYNAMIC_DRAW);
    this.counts[name] = points.length;
  }

  setPalette(palette: Colors["palette"]): void {
    const { gl } = this;
    const { texels, rows } = paletteTexels(palette);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  setSprites(sprites: Sprites | null): void {
    const { gl } = this;
    this.tiles = null;
    if (!sprites) return;
    const { image, tile } = sprites;
    gl.bindTexture(gl.TEXTURE_2D, this.sheet);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    const columns = Math.max(Math.floor(image.width / tile[0]), 1);
    this.tiles = { columns, tile: [tile[0] / image.width, tile[1] / image.height] };
  }

  /** Draws lines, points and selected points; tells how many points. */
  draw(look: Look): number {
    const { gl, counts } = this;
    const points = look.thin ? "sample" : "order";
    gl.bindVertexArray(this.shape);
    if (look.lines && counts.joined) {
      const { program, at } = this.strokes();
      gl.useProgram(program);
      this.see(at, look);
      gl.uniform4f(at["ink"], ...look.muted, 0.45);
      this.elements(gl.LINES, "joined");
    }
    const { program, at } = this.dots();
    gl.useProgram(program);
    this.see(at, look);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.sheet);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.uniform1i(at["sheet"], 1);
    gl.uniform1i(at["palette"], 0);
    gl.uniform1f(at["ratio"], look.ratio);
    gl.uniform1f(at["opacity"], look.opacity);
    gl.uniform3f(at["ground"], ...look.ground);
    gl.uniform3f(at["accent"], ...look.accent);
    gl.uniform1f(at["rim"], look.diameter > 6 ? 1 : 0);
    gl.uniform1i(at["mode"], this.tiles ? 2 : 0);
    gl.uniform1f(at["ring"], 0);
    gl.uniform1f(at["size"], look.diameter);
    if (this.tiles) {
      gl.uniform1i(at["sheetColumns"], this.tiles.columns);
      gl.uniform2f(at["tile"], ...this.tiles.tile);
    }
    this.elements(gl.POINTS, points);
    if (counts.selected) {
      gl.uniform1i(at["mode"], this.tiles ? 2 : 1);
      const { size, ring } = ringed(look.diameter, counts.selected);
      gl.uniform1f(at["ring"], ring);
      gl.uniform1f(at["size"], size);
      this.elements(gl.POINTS, "selected");
    }
    return counts[points];
  }

  /** Hands the lens to a program. */
  private see(at: Record<string, WebGLUniformLocation>, { lens, t }: Look): void {
    const { gl } = this;
    gl.uniform1f(at["t"], t);
    gl.uniform3f(at["center"], ...lens.center);
    gl.uniformMatrix3fv(at["turn"], true, lens.rows);
    gl.uniform1f(at["recede"], lens.recede);
    gl.uniform2f(at["scale"], (2 * lens.pixels) / lens.width, (2 * lens.pixels) / lens.height);
  }

  private elements(mode: number, name: Indices): void {
    this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, this.buffers[name]);
    this.gl.drawElements(mode, this.counts[name], this.gl.UNSIGNED_INT, 0);
  }
}
