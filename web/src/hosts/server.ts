/** `lexiscope view`: fetch, server-sent events, and the browser's history. */

import type { Events } from "../contract";
import { historyAddress } from "./address";
import type { Host, Take } from "./host";

const EVENTS = ["hello", "atlas", "job"] as const satisfies readonly (keyof Events)[];

export function serverHost(): Host {
  return {
    kind: "server",
    can: { compute: true, write: true },
    address: historyAddress(),
    request: (path, init) => fetch(path, init),
    listen,
  };
}

function listen(take: Take, lost: () => void): void {
  const source = new EventSource("/api/events");
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => take(name, JSON.parse((event as MessageEvent<string>).data)));
  }
  source.onerror = () => {
    lost();
    // A browser gives up on a refused connection; a new one tries on.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(take, lost), 2_000);
  };
}
