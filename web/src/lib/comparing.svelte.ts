/** The two maps compared: asked for, shown in their colours, pointed at. */

import type { ComparisonAnswer, MovedPoint, Side } from "../contract";
import { sendJSON } from "./api";
import { app } from "./app.svelte";
import type { Pane } from "./pane.svelte";
import { show } from "./reveal";
import { MOVED } from "./view";

class Comparing {
  answer = $state.raw<ComparisonAnswer | null>(null);
  refusal = $state<string | null>(null);
  waiting = $state(false);
  /** What the answer is of. */
  private of = $state.raw<Side[]>([]);
  private stop: AbortController | null = null;

  readonly sides: Side[] = $derived(
    app.panes.map((pane) => ({ atlas: pane.view.atlas, space: pane.info?.name ?? "", layer: pane.layer })),
  );
  /** Why the two maps cannot be compared; null where they can. */
  readonly reason: string | null = $derived.by(() => {
    const [a, b] = app.panes;
    if (!b) return "Open a second map (s), with another layer or another atlas in it.";
    if (a.info?.kind !== b.info?.kind) return `${a.info?.name} and ${b.info?.name} hold different things: show the same space in both maps.`;
    if (JSON.stringify(this.sides[0]) === JSON.stringify(this.sides[1])) return "Both maps show the same space and layer.";
    return null;
  });
  /** Whether a map shows something else by now. */
  readonly passed: boolean = $derived(this.answer !== null && JSON.stringify(this.of) !== JSON.stringify(this.sides));

  async start(): Promise<void> {
    app.panel = "comparison";
    this.giveUp();
    if (this.reason) return;
    const [a, b] = app.panes;
    const of = this.sides;
    const stop = (this.stop = new AbortController());
    this.refusal = null;
    this.answer = null;
    this.waiting = true;
    try {
      const answer = await sendJSON<ComparisonAnswer>("POST", "/api/comparisons", { a: of[0], b: of[1] }, stop.signal);
      this.of = of;
      this.answer = answer;
      app.linked = true;
      const range = usual([...answer.by_point.a, ...answer.by_point.b]);
      this.color(a, of[0], answer.by_point.a, range);
      this.color(b, of[1], answer.by_point.b, range);
      app.announce(answer.statements[0] ?? "compared");
    } catch (error) {
      if (!stop.signal.aborted) this.refusal = (error as Error).message;
    } finally {
      if (this.stop === stop) this.waiting = false;
    }
  }

  giveUp(): void {
    this.stop?.abort();
    this.waiting = false;
  }

  /** Selects a point on both maps. */
  async choose(moved: MovedPoint): Promise<void> {
    const [a, b] = app.panes;
    if (!b || this.passed) return;
    await show(a, [moved.a]);
    await show(b, [moved.b]);
    // Each names its own number: none follows the other's label.
    a.choose(Int32Array.of(moved.a));
  }

  private color(pane: Pane, side: Side, values: (number | null)[], range: [number, number]): void {
    const now = this.sides[app.panes.indexOf(pane)];
    if (JSON.stringify(now) !== JSON.stringify(side)) return;
    const numbers = Float32Array.from(values, (value) => (value === null ? NaN : Math.min(value, range[1])));
    pane.compared = { place: pane.place, movement: { name: "movement", numbers, range } };
    pane.paint(MOVED);
  }
}

/** From the least to what one point in fifty passes: a few that moved far would leave all others alike. */
function usual(values: (number | null)[]): [number, number] {
  const there = Float64Array.from(values.filter((value) => value !== null)).sort();
  return there.length ? [there[0], there[Math.floor(0.98 * (there.length - 1))]] : [0, 1];
}

export const comparing = new Comparing();
