/** What stands round findings: the page with its map, or a report on paper. */

import { getContext, setContext } from "svelte";
import type { Finding, MovedPoint } from "../contract";

export interface Host {
  readonly dark: boolean;
  /** Shows points on the map; null where there is none. */
  readonly choose: ((finding: Finding, points: number[]) => void) | null;
  readonly chooseMoved: ((point: MovedPoint) => void) | null;
  /** The layer whose figures are asked to be seen on the map. */
  readonly chooseLayer: ((finding: Finding, layer: number) => void) | null;
}

const KEY = Symbol("host");

export function setHost(host: Host): void {
  setContext(KEY, host);
}

export function getHost(): Host {
  return getContext<Host>(KEY);
}
