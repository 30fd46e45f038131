/**
 * What the page and a notebook's widget say to each other.
 *
 * The page lies in an iframe. It posts `Ready` to `window.parent`, the parent answers with `Opened`
 * and transfers a `MessagePort`; everything after goes over the port.
 */

import type { Events } from "../contract";

export interface Ready {
  lexiscope: "ready";
}

export interface Opened {
  lexiscope: "port";
  options: {
    theme?: "light" | "dark";
    /** An encoded view, from its `#` on. */
    view?: string;
    compute: boolean;
    write: boolean;
  };
}

/** From the page. The last three are of its first map. */
export type FromPage =
  | { type: "request"; id: number; method: string; path: string; headers: Record<string, string>; body: string | ArrayBuffer | null }
  /** The address changed. */
  | { type: "view"; view: string }
  | { type: "selection"; atlas: string; space: string; layer: number | null; points: number[] }
  /** -1 for none. */
  | { type: "hover"; atlas: string; space: string; layer: number | null; point: number }
  /** The picture asked for, a PNG; null and why where there is none. */
  | { type: "still"; id: number; png: ArrayBuffer | null; error?: string };

/** To the page. */
export type ToPage =
  | { type: "answer"; id: number; status: number; headers: Record<string, string>; body: ArrayBuffer | null }
  | { [Name in keyof Events]: { type: "event"; name: Name; data: Events[Name] } }[keyof Events]
  /** Opens an encoded view. */
  | { type: "show"; view: string }
  | { type: "select"; points: number[] }
  | { type: "hover"; point: number }
  /** The pointer is not over the frame any more. */
  | { type: "leave" }
  /** Colours by a column; null is the space's own choice. */
  | { type: "paint"; column: string | null }
  | { type: "theme"; theme: "light" | "dark" }
  | { type: "still"; id: number; scale?: number };
