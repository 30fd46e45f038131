/** What stands round findings: the page with its map, or a report on paper. */

import { getContext, setContext } from "svelte";
import type { Finding, MovedPoint } from "../contract";

export interface Host {
  readonly dark: boolean;
  /** Whether all that is folded on a narrow screen is to be seen. */
  readonly whole: boolean;
  /** Whether there is a map beside the findings. */
  readonly mapped: boolean;
  /** What shows points of the finding on the map; null where that has not what it is about. */
  choose(finding: Finding): ((points: number[]) => void) | null;
  /** What shows the layer whose figures are asked to be seen on the map. */
  chooseLayer(finding: Finding): ((layer: number) => void) | null;
  /** Why the map has not what the finding is about; null where it has, or there is none. */
  away(finding: Finding): string | null;
  readonly chooseMoved: ((point: MovedPoint) => void) | null;
}

/** Where there is nothing that findings could be shown on. */
export const UNMAPPED = {
  mapped: false,
  choose: () => null,
  chooseLayer: () => null,
  away: () => null,
  chooseMoved: null,
} satisfies Partial<Host>;

const KEY = Symbol("host");

export function setHost(host: Host): void {
  setContext(KEY, host);
}

export function getHost(): Host {
  return getContext<Host>(KEY);
}
