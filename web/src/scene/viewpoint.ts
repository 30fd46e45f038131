/** Where the picture is looked at from, and the ways there. */

import { between, type Frame, HOME, type Lens, lensOf, type View } from "./camera";
import { Glide } from "./glide";
import type { Camera } from "./types";

/** What a frame asks of the view: how large all is, and whether it has depth. */
interface Shape {
  half: [number, number];
  depth: number;
}

/** Radians a second of a picture that turns by itself. */
const ORBIT = 0.14;

export class Viewpoint {
  /** In units. */
  camera: Camera = HOME;
  orbit = false;
  width = 0;
  height = 0;
  private readonly glide = new Glide();
  private start: Camera = HOME;
  private end: Camera = HOME;
  private before: Shape = { half: [1, 1], depth: 0 };
  private after: Shape = this.before;
  private share = 1;
  private last = NaN;
  private made: Lens | null = null;

  /** Where it will be when it has arrived. */
  get goal(): Camera {
    return this.glide.active ? this.end : this.camera;
  }

  /** The view; `arrived` as it will be at the end of the ways that it is on. */
  view(arrived = false): View {
    const share = arrived ? 1 : this.share;
    const mix = (a: number, b: number) => a + (b - a) * share;
    const { before, after, width, height } = this;
    return {
      ...(arrived ? this.goal : this.camera),
      half: [mix(before.half[0], after.half[0]), mix(before.half[1], after.half[1])],
      depth: mix(before.depth, after.depth),
      width,
      height,
    };
  }

  /** The same object until something changes. */
  get lens(): Lens {
    this.made ??= lensOf(this.view());
    return this.made;
  }

  /** Fits another frame; goes there along with the points' own glide. */
  reshape(frame: Frame, glide: boolean): void {
    const { half, depth } = this.view();
    this.after = { half: frame.half, depth: frame.dims - 2 };
    this.before = glide ? { half, depth } : this.after;
    this.follow(glide ? 0 : 1);
  }

  /** How far the points' glide has come. */
  follow(share: number): void {
    this.share = share;
    this.made = null;
  }

  resize(width: number, height: number): void {
    Object.assign(this, { width, height, made: null });
  }

  /** Goes to a camera, at once or gliding. */
  go(camera: Camera, glide: boolean): void {
    this.glide.stop();
    if (glide) {
      this.start = this.camera;
      this.end = camera;
      this.glide.start();
    } else {
      this.camera = camera;
      this.made = null;
    }
  }

  /** Stops whatever moves by itself. */
  hold(): void {
    this.orbit = false;
    this.glide.stop();
  }

  /** Moves on to this time (milliseconds); true if it is still on a way. */
  advance(now: number): boolean {
    const passed = (now - this.last) / 1000;
    this.last = now;
    if (this.glide.active) {
      this.camera = between(this.start, this.end, this.glide.at(now));
      this.made = null;
    } else if (this.orbit) {
      // The first frame after a rest has no time before it.
      const step = passed < 0.5 ? passed * ORBIT : 0;
      this.camera = { ...this.camera, yaw: this.camera.yaw + step };
      this.made = null;
    }
    return this.glide.active || this.orbit;
  }
}
