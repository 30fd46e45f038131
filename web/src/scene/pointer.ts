/** What hands do on the picture, as movements, outlines and clicks. */

import { boxOutline } from "./pick";
import type { Join, Tool } from "./types";

type Pixel = [number, number];

/** What a gesture asks of the scene; pixels are CSS pixels within it. */
export interface Hands {
  /** Something touched the picture: whatever moves by itself stops. */
  touch(): void;
  /** What lay under one pixel shall lie under another, `factor` closer. */
  move(from: Pixel, to: Pixel, factor: number): void;
  turn(dx: number, dy: number): void;
  /** A double click. */
  approach(at: Pixel): void;
  click(at: Pixel, join: Join, reach: number): void;
  hover(at: Pixel | null): void;
  /** An outline that is being drawn; null when none is. */
  outline(outline: number[] | null): void;
  region(outline: number[], join: Join): void;
}

type Gesture = "pan" | "turn" | "box" | "lasso" | "pinch";

/** A press that moves less is a click. */
const STILL = 4;
/** Corners of a lasso lie at least this far apart. */
const CORNERS = 3;

const joinOf = (event: MouseEvent): Join =>
  event.altKey ? "remove" : event.shiftKey || event.ctrlKey || event.metaKey ? "add" : "replace";

export class Pointer {
  tool: Tool = "pan";
  /** Whether dragging turns the picture. */
  deep = false;
  private readonly down = new Map<number, Pixel>();
  private readonly off = new AbortController();
  private gesture: Gesture | null = null;
  private still = true;
  private start: Pixel = [0, 0];
  private path: number[] = [];

  constructor(private readonly element: HTMLElement, private readonly hands: Hands) {
    element.style.touchAction = "none";
    const { signal } = this.off;
    element.addEventListener("pointerdown", (event) => this.press(event), { signal });
    element.addEventListener("pointermove", (event) => this.drag(event), { signal });
    element.addEventListener("pointerup", (event) => this.lift(event, true), { signal });
    element.addEventListener("pointercancel", (event) => this.lift(event, false), { signal });
    element.addEventListener("pointerleave", () => hands.hover(null), { signal });
    element.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    element.addEventListener("dblclick", (event) => hands.approach(this.pixel(event)), { signal });
    element.addEventListener("contextmenu", (event) => this.deep && event.preventDefault(), { signal });
  }

  dispose(): void {
    this.off.abort();
  }

  private pixel(event: MouseEvent): Pixel {
    const { left, top } = this.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  private gestureOf(event: PointerEvent): Gesture {
    if (event.button > 0) return "pan";
    if (this.tool !== "pan") return this.tool;
    if (event.shiftKey || event.altKey) return "box";
    return this.deep ? "turn" : "pan";
  }

  private press(event: PointerEvent): void {
    this.hands.touch();
    this.element.setPointerCapture(event.pointerId);
    const at = this.pixel(event);
    this.down.set(event.pointerId, at);
    if (this.down.size === 1) {
      this.gesture = this.gestureOf(event);
      this.still = true;
      this.start = at;
      this.path = [...at];
    } else {
      if (this.gesture === "box" || this.gesture === "lasso") this.hands.outline(null);
      this.gesture = "pinch";
      this.still = false;
    }
  }

  private drag(event: PointerEvent): void {
    const at = this.pixel(event);
    const last = this.down.get(event.pointerId);
    if (!last) {
      if (event.pointerType !== "touch") this.hands.hover(at);
      return;
    }
    if (this.gesture === "pinch") return this.pinch(event.pointerId, at);
    if (this.still && Math.hypot(at[0] - this.start[0], at[1] - this.start[1]) < STILL) return;
    if (this.still) this.hands.hover(null);
    this.still = false;
    this.down.set(event.pointerId, at);
    if (this.gesture === "pan") this.hands.move(last, at, 1);
    else if (this.gesture === "turn") this.hands.turn(at[0] - last[0], at[1] - last[1]);
    else this.outline(at);
  }

  private outline(at: Pixel): void {
    if (this.gesture === "box") this.path = boxOutline(...this.start, ...at);
    else if (Math.hypot(at[0] - this.path.at(-2)!, at[1] - this.path.at(-1)!) >= CORNERS) this.path.push(...at);
    this.hands.outline(this.path);
  }

  private pinch(id: number, at: Pixel): void {
    const spread = () => {
      const [[ax, ay], [bx, by]] = [...this.down.values()];
      return { middle: [(ax + bx) / 2, (ay + by) / 2] as Pixel, width: Math.hypot(ax - bx, ay - by) || 1 };
    };
    if (this.down.size !== 2) return;
    const before = spread();
    this.down.set(id, at);
    const after = spread();
    this.hands.move(before.middle, after.middle, after.width / before.width);
  }

  private lift(event: PointerEvent, whole: boolean): void {
    if (!this.down.delete(event.pointerId)) return;
    if (this.down.size === 1) this.gesture = this.deep ? "turn" : "pan";
    if (this.down.size) return;
    const { gesture, path, still } = this;
    this.gesture = null;
    const drawn = gesture === "box" || gesture === "lasso";
    if (drawn && !still) this.hands.outline(null);
    if (!whole) return;
    const join = joinOf(event);
    if (still && event.button === 0) this.hands.click(this.start, join, event.pointerType === "touch" ? 12 : 8);
    // Shift begins a box when the tool is another, so that it is held to the end is not asked.
    if (drawn && !still) this.hands.region(path, this.tool === "pan" && join === "replace" ? "add" : join);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.hands.touch();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad comes as a small wheel with Ctrl.
    const pace = event.ctrlKey ? 0.01 : 0.0018;
    const step = Math.min(Math.max(-event.deltaY * lines * pace, -0.7), 0.7);
    const at = this.pixel(event);
    this.hands.move(at, at, Math.exp(step));
  }
}
