/** The picture of a space: points on the graphics card, names and lines over them. */

import { around, HOME, moved, toUnits, turnedBy } from "./camera";
import { Drawing } from "./drawing";
import type { Box } from "./occupancy";
import { enclosed, nearest, nearMiddle } from "./pick";
import { pngOf, svgBlob } from "./picture";
import { Pointer } from "./pointer";
import { shotOf } from "./shot";
import type { Camera, Colors, Line, Mark, RegionLabel, SceneLike, SceneOptions, Sprites, Theme, Tool } from "./types";

export { NoWebGL2 } from "./gl";

function indicesOf(mask: Uint8Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i]) found.push(i);
  return found;
}

export class Scene implements SceneLike {
  private readonly drawing: Drawing;
  private readonly pointer: Pointer;

  constructor(root: HTMLElement, private readonly options: SceneOptions) {
    const drawing = new Drawing(root, options);
    const { viewpoint } = drawing;
    this.drawing = drawing;
    this.pointer = new Pointer(drawing.overlay.canvas, {
      touch: () => this.hold(),
      move: (from, to, factor) => this.steer(moved(viewpoint.view(), from, to, factor)),
      turn: (dx, dy) => this.steer(turnedBy(viewpoint.camera, dx, dy)),
      approach: (at) => this.go(moved(viewpoint.view(), at, at, 2), true, true),
      click: (at, join, reach) => options.onPick(nearest(drawing.places, ...at, reach), join),
      hover: (at) => {
        drawing.hand = at;
        drawing.wake();
      },
      outline: (outline) => {
        drawing.overlay.outline = outline;
        drawing.wake();
      },
      region: (outline, join) => options.onRegion(enclosed(drawing.places, outline), join),
    });
    this.setTool("pan");
  }

  get drawn(): number {
    return this.drawing.drawn;
  }

  get labelled(): string[] {
    return this.drawing.overlay.figure.labels.map(({ text }) => text);
  }

  get resting(): boolean {
    return this.drawing.resting;
  }

  get camera(): Camera {
    return this.drawing.camera;
  }

  setPoints(columns: Float32Array[], glide: boolean): void {
    const { drawing, options } = this;
    const { cloud, viewpoint } = drawing;
    const before = { dims: cloud.frame.dims, count: cloud.count };
    const glides = cloud.set(columns, glide && !options.calm);
    const { frame, count, from, to } = cloud;
    viewpoint.reshape(frame, glides);
    // Another space or another dimension is first seen whole.
    if (frame.dims !== before.dims || count !== before.count) {
      viewpoint.go({ ...viewpoint.goal, center: HOME.center, zoom: 1 }, glides);
    }
    if (glides) drawing.glide.start();
    else drawing.glide.stop();
    this.pointer.deep = frame.dims === 3;
    drawing.stage.set("from", (points) => points.setStream("from", from));
    drawing.stage.set("to", (points) => points.setStream("to", to));
    this.setColors(drawing.colors);
    drawing.arrange();
  }

  setColors(colors: Colors): void {
    const { drawing } = this;
    const codes = new Uint16Array(drawing.cloud.count);
    codes.set(colors.codes.subarray(0, codes.length));
    drawing.colors = colors;
    drawing.stage.set("codes", (points) => points.setStream("codes", codes));
    drawing.stage.set("palette", (points) => points.setPalette(colors.palette));
    drawing.redraw();
  }

  setVisible(mask: Uint8Array | null): void {
    this.drawing.cloud.visible = mask;
    this.drawing.cloud.refresh();
    this.drawing.arrange();
  }

  setEmphasis(mask: Uint8Array | null): void {
    this.drawing.emphasis = mask;
    this.drawing.arrange();
  }

  setSelected(points: ArrayLike<number>): void {
    this.drawing.overlay.selected = points;
    this.drawing.arrange();
  }

  setHovered(point: number): void {
    this.drawing.setHovered(point);
  }

  setLines(lines: Line[]): void {
    this.drawing.overlay.lines = lines;
    this.drawing.redraw();
  }

  setPolylines(lines: Int32Array[]): void {
    this.drawing.polylines = lines;
    this.drawing.arrange();
  }

  setLabels(labels: { text: (point: number) => string; weight: Float32Array | null } | null): void {
    this.drawing.overlay.names = labels;
    this.drawing.redraw();
  }

  setRegions(labels: RegionLabel[]): void {
    this.drawing.overlay.regions = labels;
    this.drawing.redraw();
  }

  setMarks(marks: Mark[]): void {
    this.drawing.overlay.marks = marks;
    this.drawing.redraw();
  }

  setCovered(boxes: Box[]): void {
    this.drawing.overlay.covered = boxes;
    this.drawing.redraw();
  }

  setDensity(on: boolean): void {
    this.drawing.density = on;
    this.drawing.redraw();
  }

  setTextMode(on: boolean): void {
    this.drawing.overlay.textMode = on;
    this.drawing.redraw();
  }

  setSize(factor: number): void {
    this.drawing.size = factor;
    this.drawing.redraw();
  }

  setTool(tool: Tool): void {
    this.pointer.tool = tool;
    this.drawing.cursor = tool === "pan" ? "default" : "crosshair";
    this.drawing.overlay.canvas.style.cursor = this.drawing.cursor;
  }

  setTheme(theme: Theme): void {
    this.drawing.setTheme(theme);
  }

  setSprites(sprites: Sprites | null): void {
    this.drawing.sprites = sprites;
    this.drawing.stage.set("sprites", (points) => points.setSprites(sprites));
    this.drawing.redraw();
  }

  setCamera({ center, zoom, yaw, pitch }: Camera, glide: boolean): void {
    const { viewpoint: { goal }, cloud: { frame } } = this.drawing;
    // A flat picture keeps how it would be turned, for when it gets its depth back.
    const turn = frame.dims === 3 ? { yaw, pitch } : { yaw: goal.yaw, pitch: goal.pitch };
    this.go({ center: toUnits(center, frame), zoom, ...turn }, glide, false);
  }

  fit(points?: ArrayLike<number>, glide = true): void {
    const { cloud, viewpoint } = this.drawing;
    if (!points && !cloud.visible) return this.go({ ...viewpoint.goal, center: HOME.center, zoom: 1 }, glide, true);
    const wanted = (points ? Array.from(points) : indicesOf(cloud.shown)).filter((point) => cloud.shown[point]);
    const closest = Math.min(Math.max(Math.sqrt(cloud.count) / 6, 2), 30);
    const camera = around(viewpoint.view(true), cloud.to, wanted, closest);
    if (camera) this.go(camera, glide, true);
  }

  setOrbit(on: boolean): void {
    const { viewpoint } = this.drawing;
    if (viewpoint.orbit && !on) this.drawing.steered();
    viewpoint.orbit = on && !this.options.calm;
    this.drawing.wake();
  }

  nudge(dx: number, dy: number, zoom: number): void {
    const { viewpoint, cloud } = this.drawing;
    const { width, height } = viewpoint;
    const middle: [number, number] = [width / 2, height / 2];
    const [x, y] = [dx * width, dy * height];
    this.hold();
    if (cloud.frame.dims === 3) {
      viewpoint.go(turnedBy(viewpoint.camera, -x, -y), false);
      this.steer(moved(viewpoint.view(), middle, middle, zoom));
    } else {
      this.steer(moved(viewpoint.view(), [middle[0] + x, middle[1] + y], middle, zoom));
    }
  }

  locate(point: number): { x: number; y: number } | null {
    const { lens } = this.drawing.viewpoint;
    const [x, y] = this.drawing.cloud.placeOf(point, lens);
    return x >= 0 && y >= 0 && x <= lens.width && y <= lens.height ? { x, y } : null;
  }

  inSight(limit: number): number[] {
    const { places, viewpoint } = this.drawing;
    return nearMiddle(places, viewpoint.width, viewpoint.height, limit);
  }

  toPNG(scale: number, caption = ""): Promise<Blob> {
    const { stage, viewpoint: { width, height } } = this.drawing;
    return pngOf(shotOf(this.drawing), Math.min(scale, stage.longest / Math.max(width, height)), caption);
  }

  toSVG(caption = ""): Blob {
    return svgBlob(shotOf(this.drawing), caption);
  }

  dispose(): void {
    this.pointer.dispose();
    this.drawing.dispose();
  }

  /** Stops whatever moves by itself, as a hand does that touches it. */
  private hold(): void {
    const { viewpoint } = this.drawing;
    const turned = viewpoint.orbit;
    viewpoint.hold();
    if (!turned) return;
    this.drawing.steered();
    this.options.onOrbitEnd();
  }

  /** Goes to a camera at once, as a hand asks. */
  private steer(camera: Camera): void {
    this.drawing.viewpoint.go(camera, false);
    this.drawing.steered();
  }

  /** Goes to a camera; tells the page unless it was the page that asked. */
  private go(camera: Camera, glide: boolean, tell: boolean): void {
    this.drawing.viewpoint.go(camera, glide && !this.options.calm);
    if (tell) this.drawing.steered();
    else this.drawing.redraw();
  }
}
