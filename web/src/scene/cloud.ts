/** The points as the processor knows them: where they come from, where they go, which are shown. */

import { type Frame, frameOf, inUnits, type Lens, type Vec3, project } from "./camera";
import { shownOf } from "./order";
import type { Places } from "./pick";

export class Cloud {
  frame: Frame = frameOf([new Float32Array(0), new Float32Array(0)]);
  /** Three values a point, in units. */
  from = new Float32Array(0);
  to = new Float32Array(0);
  /** How far the glide between the two has come. */
  t = 1;
  visible: Uint8Array | null = null;
  shown: Uint8Array = new Uint8Array(0);
  /** Points within the picture, as of the last `placesOn`. */
  inSight = 0;
  private places: Places = new Float32Array(0);
  private seen: { lens: Lens; t: number } | null = null;

  get count(): number {
    return this.to.length / 3;
  }

  /** Takes new places; true if points can glide there from where they are now. */
  set(columns: Float32Array[], glide: boolean): boolean {
    const frame = frameOf(columns);
    const to = inUnits(columns, frame);
    const glides = glide && to.length === this.to.length;
    const from = glides ? this.now() : to;
    // What had no place before appears where it belongs.
    for (let i = 0; i < from.length; i++) if (Number.isNaN(from[i])) from[i] = to[i];
    // A mask of other points says nothing of these.
    if (this.visible?.length !== columns[0].length) this.visible = null;
    Object.assign(this, { frame, from, to, t: glides ? 0 : 1 });
    this.refresh();
    return glides;
  }

  /** To be called when `visible` was set anew. */
  refresh(): void {
    this.shown = shownOf(this.to, this.visible);
    this.seen = null;
  }

  /** Where the points are at this moment, in units. */
  private now(): Float32Array<ArrayBuffer> {
    if (this.t >= 1) return this.to.slice();
    return this.to.map((end, i) => this.from[i] + (end - this.from[i]) * this.t);
  }

  /** The place of one point on the page; NaN of a point that is not shown. */
  placeOf(point: number, lens: Lens): Vec3 {
    if (!this.shown[point]) return [NaN, NaN, NaN];
    const { from, to, t } = this;
    const along = (at: number) => from[at] + (to[at] - from[at]) * t;
    return project(lens, along(3 * point), along(3 * point + 1), along(3 * point + 2));
  }

  /** The places of all points; worked out anew only if something moved since. */
  placesOn(lens: Lens): Places {
    if (this.seen?.lens === lens && this.seen.t === this.t) return this.places;
    const { from, to, t, shown, count } = this;
    if (this.places.length !== 3 * count) this.places = new Float32Array(3 * count);
    const { places } = this;
    const { rows, center, recede, pixels, width, height } = lens;
    this.inSight = 0;
    // The same as `project`, written out: this runs for every point of every frame.
    for (let i = 0, at = 0; i < count; i++, at += 3) {
      if (!shown[i]) {
        places[at] = places[at + 1] = places[at + 2] = NaN;
        continue;
      }
      const a = from[at] + (to[at] - from[at]) * t - center[0];
      const b = from[at + 1] + (to[at + 1] - from[at + 1]) * t - center[1];
      const c = from[at + 2] + (to[at + 2] - from[at + 2]) * t - center[2];
      const divisor = Math.max(1 - recede * (rows[6] * a + rows[7] * b + rows[8] * c), 0.05);
      const scale = pixels / divisor;
      const x = width / 2 + scale * (rows[0] * a + rows[1] * b + rows[2] * c);
      const y = height / 2 - scale * (rows[3] * a + rows[4] * b + rows[5] * c);
      places[at] = x;
      places[at + 1] = y;
      places[at + 2] = divisor;
      if (x >= 0 && y >= 0 && x <= width && y <= height) this.inSight++;
    }
    this.seen = { lens, t };
    return places;
  }
}
