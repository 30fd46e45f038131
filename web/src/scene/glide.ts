/** Something on its way from one state to another. */

import { eased } from "./camera";

const DURATION = 600;

export class Glide {
  private began = -Infinity;
  private going = false;

  /** Starts anew at the frame that comes next. */
  start(): void {
    this.began = NaN;
    this.going = true;
  }

  stop(): void {
    this.going = false;
  }

  get active(): boolean {
    return this.going;
  }

  /** How far it has come at this time, in [0, 1]; at 1 it is over. */
  at(now: number): number {
    if (!this.going) return 1;
    if (Number.isNaN(this.began)) this.began = now;
    const share = (now - this.began) / DURATION;
    if (share >= 1) this.going = false;
    return this.going ? eased(share) : 1;
  }
}
