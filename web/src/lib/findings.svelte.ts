/** What was found in each atlas, and the measuring of it. */

import type { Findings } from "../contract";
import { getJSON, sendJSON } from "./api";
import { app } from "./app.svelte";

const BEAT = 1000;

class Reader {
  /** By atlas. */
  answers = $state.raw<Record<string, Findings>>({});
  /** Why they could not be asked for. */
  failure = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks for them, and again every second while they are being measured. */
  async load(atlas: string): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.keep(atlas, await getJSON<Findings>(path(atlas)));
      this.failure = null;
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }

  async measure(atlas: string): Promise<void> {
    const answer = await app.trying(() => sendJSON<Findings>("POST", path(atlas)));
    if (answer) this.keep(atlas, answer);
  }

  rest(): void {
    clearTimeout(this.timer);
  }

  private keep(atlas: string, answer: Findings): void {
    if (this.answers[atlas]?.running && !answer.running && !answer.error) {
      app.announce(`${answer.findings.length} findings`);
    }
    this.answers = { ...this.answers, [atlas]: answer };
    clearTimeout(this.timer);
    if (answer.running) this.timer = setTimeout(() => void this.load(atlas), BEAT);
  }
}

function path(atlas: string): string {
  return `/api/atlases/${encodeURIComponent(atlas)}/findings`;
}

export const reader = new Reader();
