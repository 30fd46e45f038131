/** The layout so far of a projection that is being computed, for the pane that asked for it. */

import type { Job } from "../contract";
import { getArrow, spacePath } from "./api";

export class Preview {
  private laid = $state.raw<{ of: string; columns: Float32Array[] } | null>(null);
  private job: string | null = null;
  /** Layouts of the job that were fetched, or are being. */
  private fetched = 0;

  /** The layout, if it is one of this place (a space's path and a layer). */
  at(place: string): Float32Array[] | null {
    return this.laid?.of === place ? this.laid.columns : null;
  }

  watch(job: string): void {
    this.forget();
    this.job = job;
  }

  /** Gives up what is being computed for this picture; the job itself goes on. */
  forget(): void {
    this.job = this.laid = null;
    this.fetched = 0;
  }

  /** A server that was started anew knows nothing of an older one's jobs. */
  forgetLost(jobs: Job[]): void {
    if (this.job && !jobs.some((job) => job.id === this.job)) this.forget();
  }

  /** Takes the news of a job; true when it is the one that is watched, and has ended. */
  follow(job: Job): boolean {
    if (job.id !== this.job) return false;
    const place = `${spacePath(job.atlas, job.space)} ${job.layer}`;
    if (job.state === "running" && job.layouts > this.fetched) void this.fetch(job, place);
    const ended = ["done", "stopped", "failed"].includes(job.state);
    if (ended) this.forget();
    return ended;
  }

  private async fetch(job: Job, of: string): Promise<void> {
    this.fetched = Infinity; // one at a time
    try {
      const table = await getArrow(`/api/jobs/${job.id}/coordinates`);
      if (this.job !== job.id) return;
      const columns = ["x", "y", "z"].slice(0, table.numCols).map((name) => table.getChild(name).toArray() as Float32Array);
      this.laid = { of, columns };
      this.fetched = job.layouts;
    } catch {
      // It ended meanwhile, or the next one will do.
      if (this.job === job.id) this.fetched = 0;
    }
  }
}
