/**
 * What a view in a cell and its widget in the kernel say to each other, as custom messages.
 *
 * Everything is told of a connection: one life of one page, by a name made up for it. `FromView` ->
 * kernel, `ToView` -> all views of the widget.
 */

import type { FromPage, Opened, ToPage } from "../hosts/messages";

export type FromView =
  /** Wants to open; `has` tells that this window holds the page already. */
  | { type: "open"; connection: string; has: boolean }
  /** The page runs, and wants to hear of events. */
  | { type: "listen"; connection: string }
  /** A request of the page; its body is the buffer, if there is one. */
  | { type: "request"; connection: string; id: number; method: string; path: string; headers: Record<string, string> }
  | { type: "view"; view: string }
  /** The points are the buffer, int32. */
  | { type: "selection"; space: string; layer: number | null }
  | { type: "hover"; point: number }
  | { type: "close"; connection: string };

export type ToView =
  /** The page is the buffer, compressed, unless this window has it. */
  | { type: "opened"; connection: string; options: Pick<Opened["options"], "view" | "compute" | "write"> }
  | { type: "answer"; connection: string; id: number; status: number; headers: Record<string, string> }
  | ({ connection: string } & Extract<ToPage, { type: "event" }>)
  | { type: "show"; view: string }
  | { type: "hover"; point: number };

/** What the kernel holds for a widget. */
export interface Traits {
  height: number;
  selected: number[];
  /** Stands in the picture that is shown until the page is there. */
  _picture: string;
  /** A hash of the page. */
  _page: string;
}

/** Of anywidget's model what is used here. */
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  on(name: "msg:custom", take: (message: ToView, buffers: DataView[]) => void): void;
  on(name: `change:${keyof Traits}`, take: () => void): void;
  off(name: string, take: unknown): void;
  send(message: FromView, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
}

export type { FromPage, ToPage };
