/** Keeps the picture up to date: a frame is drawn when something changed, and only then. */

import { type Lens, toData } from "./camera";
import { Cloud } from "./cloud";
import { hexOf, rgbOf } from "./color";
import { heightsOf } from "./density";
import { Glide } from "./glide";
import { drawOrder } from "./order";
import { type Moment, Overlay } from "./overlay";
import { nearest, type Places } from "./pick";
import { diameterOf, type Look, opacityOf, tileSize } from "./points";
import { Stage } from "./stage";
import type { Camera, Colors, SceneOptions, Sprites, Theme } from "./types";
import { Viewpoint } from "./viewpoint";

/** With more points than this, names move along during a gesture and are placed anew after it. */
export const MANY = 150_000;
/** Points drawn during a movement by a machine that cannot follow with all of them. */
const SAMPLE = 60_000;
/** Milliseconds from asking for a frame to getting it that are too long. */
const SLOW = 80;
/** Milliseconds without movement after which a gesture counts as over. */
const REST = 140;
/** Reach of a mouse, in CSS pixels. */
export const REACH = 8;

export class Drawing {
  readonly cloud = new Cloud();
  readonly viewpoint = new Viewpoint();
  readonly overlay = new Overlay(this.cloud);
  readonly glide = new Glide();
  readonly stage: Stage;
  theme!: Theme;
  colors: Colors = { codes: new Uint16Array(0), palette: new Uint8Array([128, 128, 128, 255]) };
  emphasis: Uint8Array | null = null;
  polylines: Int32Array[] = [];
  sprites: Sprites | null = null;
  density = false;
  size = 1;
  /** The pointer's shape where there is no point. */
  cursor = "default";
  /** Where the pointer is; null elsewhere or while it does something else. */
  hand: [number, number] | null = null;
  /** Points drawn in the last frame. */
  drawn = 0;
  private inks!: Pick<Look, "ground" | "accent" | "muted">;
  private request = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;
  /** Whether everything, or only the names, must be drawn anew. */
  private stale = true;
  private staleNames = true;
  private seen: Lens | null = null;
  /** The direction toward the viewer that the points were last put in order for. */
  private toward: number[] | null = null;
  private asked = 0;
  /** Frames that came late, with this number of points. */
  private late = { count: 0, frames: 0 };
  private untold = false;
  private pictured = false;
  private over = -1;
  private thin = false;
  private untidy = false;
  private readonly resizes: ResizeObserver;

  constructor(private readonly root: HTMLElement, private readonly options: SceneOptions) {
    this.stage = new Stage((lost) => {
      this.redraw();
      options.onContext(lost);
    });
    for (const canvas of [this.stage.canvas, this.overlay.canvas]) {
      Object.assign(canvas.style, { position: "absolute", inset: "0", width: "100%", height: "100%" });
      root.append(canvas);
    }
    root.style.position = "relative";
    root.style.overflow = "hidden";
    this.setTheme(options.theme);
    this.resizes = new ResizeObserver(() => this.resize());
    this.resizes.observe(root);
    this.resize();
  }

  get places(): Places {
    return this.cloud.placesOn(this.viewpoint.lens);
  }

  /** Where it is looked at from, or will be when it has arrived, in the units of the data. */
  get camera(): Camera {
    const { viewpoint: { goal }, cloud: { frame } } = this;
    const turn = frame.dims === 3 ? { yaw: goal.yaw, pitch: goal.pitch } : { yaw: 0, pitch: 0 };
    return { center: toData(goal.center, frame), zoom: goal.zoom, ...turn };
  }

  setHovered(point: number): void {
    if (this.overlay.hovered === point) return;
    this.overlay.hovered = point;
    this.staleNames = true;
    this.wake();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.inks = { ground: rgbOf(theme.ground), accent: rgbOf(theme.accent), muted: rgbOf(theme.muted) };
    this.root.style.backgroundColor = theme.ground;
    this.redraw();
  }

  /** Draws everything anew in the next frame. */
  redraw(): void {
    this.stale = true;
    this.wake();
  }

  /** The camera was moved by a hand: the page is told, once a frame. */
  steered(): void {
    this.untold = true;
    this.redraw();
  }

  /** Which points are drawn, or which are faded, has changed. */
  arrange(): void {
    this.untidy = true;
    this.toward = null;
    this.redraw();
  }

  /** Hands over what was arranged: once, however much of it has changed since the last frame. */
  private tidy(): void {
    if (!this.untidy) return;
    this.untidy = false;
    const { cloud: { shown }, stage, overlay, polylines } = this;
    // A mask of other points says nothing of these.
    if (this.emphasis?.length !== shown.length) this.emphasis = null;
    const { emphasis } = this;
    const faded = Uint8Array.from(shown, (_, i) => (emphasis && !emphasis[i] ? 1 : 0));
    const selected = Uint32Array.from(overlay.selected).filter((point) => shown[point]);
    const joined: number[] = [];
    for (const line of polylines) {
      for (let i = 1; i < line.length; i++) {
        if (shown[line[i - 1]] && shown[line[i]]) joined.push(line[i - 1], line[i]);
      }
    }
    stage.set("faded", (points) => points.setStream("faded", faded));
    stage.set("selected", (points) => points.setIndices("selected", selected));
    stage.set("joined", (points) => points.setIndices("joined", Uint32Array.from(joined)));
  }

  /** Whether the picture stays as it is: no frame is asked for, and none will be by itself. */
  get resting(): boolean {
    return !this.request && this.rest === undefined;
  }

  /** Asks for a frame. */
  wake(): void {
    if (this.request) return;
    this.asked = performance.now();
    this.request = requestAnimationFrame((now) => this.frame(now));
  }

  dispose(): void {
    cancelAnimationFrame(this.request);
    clearTimeout(this.rest);
    // No frame is asked for any more.
    this.request = -1;
    this.resizes.disconnect();
    this.stage.dispose();
    this.overlay.canvas.remove();
  }

  /** Pixels of the screen a CSS pixel. */
  get ratio(): number {
    return Math.min(window.devicePixelRatio || 1, 2);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const { ratio } = this;
    this.viewpoint.resize(width, height);
    for (const { canvas } of [this.stage, this.overlay]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.redraw();
  }

  private frame(now: number): void {
    this.request = 0;
    const { viewpoint, cloud, overlay, options } = this;
    if (!viewpoint.width || this.stage.lost) return;
    const gliding = this.glide.active;
    if (gliding) {
      cloud.t = this.glide.at(now);
      viewpoint.follow(cloud.t);
    }
    const going = viewpoint.advance(now) || this.glide.active;
    const moves = gliding || viewpoint.lens !== this.seen;
    const busy = moves && cloud.count > MANY;
    this.seen = viewpoint.lens;
    if (moves || this.stale) {
      this.tidy();
      this.sort(!going);
      const thin = busy && this.lags();
      this.drawn = this.paint({ ...this.look(this.ratio), thin });
      if (thin !== this.thin) options.onSample(thin ? this.drawn : null);
      this.thin = thin;
      if (!this.pictured && cloud.count) {
        this.pictured = true;
        this.stage.finish();
        options.onFirstPicture();
      }
    }
    if (busy) this.follow();
    else {
      if (this.hand || this.over >= 0) this.hover();
      if (moves || this.stale || this.staleNames) overlay.compose(this.moment);
      this.staleNames = false;
    }
    overlay.draw(this.theme, this.ratio);
    this.stale = false;
    if (this.untold) options.onCamera(this.camera);
    this.untold = false;
    if (going) this.wake();
  }

  /** Whether frames of so many points come too late to follow a hand. */
  private lags(): boolean {
    if (this.late.count !== this.cloud.count) this.late = { count: this.cloud.count, frames: 0 };
    const began = performance.now();
    if (began - this.asked > SLOW) this.late.frames++;
    // Where the processor draws, the page waits for it after the frame and not before.
    else setTimeout(() => (this.late.frames += Number(performance.now() - began > SLOW)));
    return this.late.frames > 2;
  }

  /** Moves the names along; when all is at rest they are placed anew. */
  private follow(): void {
    this.overlay.follow(this.moment);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.rest = undefined;
      this.redraw();
    }, REST);
  }

  private hover(): void {
    const { hand, places } = this;
    const over = hand ? nearest(places, ...hand, REACH) : -1;
    if (over === this.over) return;
    this.over = over;
    this.overlay.canvas.style.cursor = over < 0 ? this.cursor : "pointer";
    this.setHovered(over);
    this.options.onHover(over, over < 0 ? 0 : places[3 * over], over < 0 ? 0 : places[3 * over + 1]);
  }

  /** Puts the points in order anew if the picture was turned since. */
  private sort(thoroughly: boolean): void {
    const { cloud, viewpoint } = this;
    const rows = viewpoint.lens.rows.slice(6);
    const last = this.toward;
    const turn = last ? Math.hypot(rows[0] - last[0], rows[1] - last[1], rows[2] - last[2]) : Infinity;
    if (turn <= (thoroughly ? 0 : cloud.count > MANY ? 0.2 : 0.03)) return;
    this.toward = rows;
    const order = drawOrder(cloud.to, cloud.shown, this.emphasis, cloud.frame.dims === 3 ? rows : null);
    this.stage.set("order", (points) => points.setIndices("order", order));
    if (cloud.count <= MANY) return;
    const every = Math.ceil(order.length / SAMPLE);
    const sample = order.filter((_, rank) => rank % every === 0);
    this.stage.set("sample", (points) => points.setIndices("sample", sample));
  }

  /** Draws shading and points; points may be left out. */
  paint(look: Look | null): number {
    this.tidy();
    const { lens } = this.viewpoint;
    const heights = this.density ? heightsOf(this.places, lens.width, lens.height) : null;
    return this.stage.draw(look, heights, this.inks.accent, this.theme.dark ? 0.42 : 0.34);
  }

  private get diameter(): number {
    const { camera, width, height } = this.viewpoint;
    const dots = diameterOf(this.cloud.count, camera.zoom, Math.min(width, height));
    return this.size * (this.sprites ? tileSize(camera.zoom) : dots);
  }

  /** How points look at so many pixels a CSS pixel. */
  look(ratio: number): Look {
    const { cloud, viewpoint, diameter, inks } = this;
    const faint = this.overlay.textMode && !this.sprites;
    return {
      ...inks,
      lens: viewpoint.lens,
      t: cloud.t,
      ratio,
      diameter: faint ? diameter * 0.55 : diameter,
      opacity: opacityOf(cloud.count, viewpoint.camera.zoom) * (faint ? 0.4 : 1),
      lines: true,
      thin: false,
    };
  }

  get moment(): Moment {
    const { viewpoint, diameter, emphasis } = this;
    const colorOf = (point: number) => this.colorOf(point);
    return { lens: viewpoint.lens, zoom: viewpoint.camera.zoom, diameter, colorOf, emphasis };
  }

  /** A point's own colour, as CSS. */
  colorOf(point: number): string {
    return hexOf(this.colors.palette, this.colors.codes[point] ?? 0);
  }
}
