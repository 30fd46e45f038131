/** Which parts of the page are taken: a coarse grid, exact enough that no two boxes overlap. */

const CELL = 4;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Occupancy {
  private readonly columns: number;
  private readonly taken: Uint8Array;

  constructor(private readonly width: number, private readonly height: number) {
    this.columns = Math.ceil(width / CELL) + 1;
    this.taken = new Uint8Array(this.columns * (Math.ceil(height / CELL) + 1));
  }

  /** Takes the box if it lies on the page and is free. */
  take(box: Box): boolean {
    const { left, top, width, height } = box;
    // Written so that a place that is no number is refused.
    if (!(left >= 0 && top >= 0 && left + width <= this.width && top + height <= this.height)) return false;
    const first = Math.floor(left / CELL);
    const last = Math.floor((left + width) / CELL);
    const bottom = Math.floor((top + height) / CELL);
    for (let row = Math.floor(top / CELL); row <= bottom; row++) {
      for (let column = first; column <= last; column++) {
        if (this.taken[row * this.columns + column]) return false;
      }
    }
    this.fill(box);
    return true;
  }

  /** Takes what of the box lies on the page, free or not. */
  fill({ left, top, width, height }: Box): void {
    const right = Math.min(left + width, this.width);
    const bottom = Math.min(top + height, this.height);
    if (!(right >= 0 && bottom >= 0 && left <= this.width)) return;
    const first = Math.floor(Math.max(left, 0) / CELL);
    for (let row = Math.floor(Math.max(top, 0) / CELL); row <= Math.floor(bottom / CELL); row++) {
      this.taken.fill(1, row * this.columns + first, row * this.columns + Math.floor(right / CELL) + 1);
    }
  }
}
