/** What stands behind the page and answers it: a server, a file, or a notebook. */

import type { Events } from "../contract";

export type Take = <Name extends keyof Events>(name: Name, value: Events[Name]) => void;

/** Where the view's address is kept; it begins with `#`, and is empty before there is one. */
export interface Address {
  get(): string;
  /** A step that one would undo. */
  push(view: string): void;
  replace(view: string): void;
  back(): void;
  /** Tells when the address changes by anything but the above. */
  watch(take: (view: string) => void): void;
  /** What opens a view elsewhere; null where nothing does. */
  link(view: string): string | null;
}

export interface Can {
  /** Project, compare, read sentences, measure, give vectors and the neighbours of any query. */
  readonly compute: boolean;
  /** Keep tags, columns and bookmarks in the atlas. */
  readonly write: boolean;
}

export interface Host {
  readonly kind: "server" | "file" | "notebook";
  /** Controls for what it cannot do are not shown. */
  readonly can: Can;
  readonly address: Address;
  /** Answers a route of the contract; rejects where it cannot be reached. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Hands on events, `hello` first on every connection, and tells when the connection is lost. */
  listen(take: Take, lost: () => void): void;
}

let current: Host | null = null;

/** Has a page answered by this host from now on; once, before it is mounted. */
export function useHost(host: Host): void {
  current = host;
}

export function host(): Host {
  if (!current) throw new Error("the page has no host yet");
  return current;
}

/** What would hold a space or a layer that is asked for and is not there. */
export function holder(): string {
  return host().kind === "file" ? "this page" : "this atlas";
}
