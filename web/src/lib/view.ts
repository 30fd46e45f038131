/** The whole view as an address: what is opened, how it is drawn, what is selected. */

import type { Camera } from "../scene/types";
import { decodePoints, encodePoints } from "./ranges";

/** Colours that are measured rather than a column of the space. */
export const KEPT = "~kept";
export const PLAIN = "~plain";
/** How far each point moved, once two maps were compared. */
export const MOVED = "~moved";

export interface PaneView {
  atlas: string;
  space: string;
  layer: number | null;
  projection: string;
  /** A column, or one of the above; null is the space's own choice. */
  color: string | null;
  label: string;
  /** Values of the colour's column that are left out of the picture. */
  hidden: string[];
  /** Of a number's column: what is drawn. */
  range: [number, number] | null;
  /** Only these points are drawn. */
  only: Int32Array | null;
  selected: Int32Array;
  /** A query in words instead of a selection: `king - man + woman`. */
  asked: string | null;
  camera: Camera | null;
  size: number;
  /** Shading by density; null is as so many points want it. */
  density: boolean | null;
  text: boolean;
  regions: boolean;
  /** A column whose equal values are joined by lines; "#" joins all rows in order. */
  join: string | null;
  k: number;
  metric: "cosine" | "euclidean" | "dot";
  spherize: boolean;
}

export interface View {
  panes: PaneView[];
  active: number;
  /** Whether hover and selection in one pane follow in the other. */
  linked: boolean;
  /** A sentence read into the active context space, and the character of its word. */
  sentence: { text: string; at: number | null } | null;
  /** Whether what was measured is listed beside the map. */
  findings: boolean;
}

export function newPane(atlas = "", space = ""): PaneView {
  return {
    atlas,
    space,
    layer: null,
    projection: "",
    color: null,
    label: "label",
    hidden: [],
    range: null,
    only: null,
    selected: new Int32Array(0),
    asked: null,
    camera: null,
    size: 1,
    density: null,
    text: false,
    regions: true,
    join: null,
    k: 10,
    metric: "cosine",
    spherize: false,
  };
}

const METRICS = ["cosine", "euclidean", "dot"] as const;
/** The address of a view, from its `#` on. Only what is not usual is written. */
export function encodeView(view: View): string {
  const out = new URLSearchParams();
  view.panes.forEach((pane, number) => {
    const put = (name: string, value: string | number | null, usual: string | number | null) => {
      if (value !== usual && value !== null) out.set(number ? `${name}${number + 1}` : name, String(value));
    };
    const usual = newPane();
    put("a", pane.atlas, "");
    put("s", pane.space, "");
    put("l", pane.layer, null);
    put("p", pane.projection, "");
    put("c", pane.color, null);
    put("t", pane.label, usual.label);
    put("hide", pane.hidden.length ? JSON.stringify(pane.hidden) : "", "");
    put("range", pane.range ? pane.range.map(short).join("_") : "", "");
    put("only", pane.only ? encodePoints(pane.only) : null, null);
    put("sel", encodePoints(pane.selected), "");
    put("ask", pane.asked, null);
    put("cam", pane.camera ? cameraText(pane.camera) : "", "");
    put("size", short(pane.size), 1);
    put("density", pane.density === null ? null : pane.density ? 1 : 0, null);
    put("text", pane.text ? 1 : 0, 0);
    put("regions", pane.regions ? 1 : 0, 1);
    put("join", pane.join, null);
    put("k", pane.k, usual.k);
    put("m", pane.metric, usual.metric);
    put("sph", pane.spherize ? 1 : 0, 0);
  });
  if (!view.linked) out.set("link", "0");
  if (view.active) out.set("active", String(view.active + 1));
  if (view.findings) out.set("f", "1");
  if (view.sentence) {
    out.set("q", view.sentence.text);
    if (view.sentence.at !== null) out.set("at", String(view.sentence.at));
  }
  return `#${out}`;
}

/**
 * Reads an address; whatever of it makes no sense is as if it were not there.
 *
 * `limit` tells how many points a space has, so that no address names others.
 */
export function decodeView(hash: string, limit: (atlas: string, space: string) => number): View {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const count = given.has("s2") || given.has("a2") ? 2 : 1;
  const panes = Array.from({ length: count }, (_, number) => {
    const get = (name: string) => given.get(number ? `${name}${number + 1}` : name);
    const pane = newPane(get("a") ?? "", get("s") ?? "");
    pane.layer = whole(get("l"));
    pane.projection = get("p") ?? "";
    pane.color = get("c");
    pane.label = get("t") ?? pane.label;
    pane.hidden = strings(get("hide"));
    const range = (get("range") ?? "").split("_").map(Number);
    if (get("range") && range.length === 2 && range.every(Number.isFinite)) pane.range = [range[0], range[1]];
    const only = get("only");
    const most = limit(pane.atlas, pane.space);
    pane.only = only === null ? null : decodePoints(only, most);
    pane.selected = decodePoints(get("sel") ?? "", most);
    pane.asked = get("ask");
    pane.camera = camera(get("cam"));
    const size = Number(get("size") ?? 1);
    pane.size = size >= 0.25 && size <= 4 ? size : 1;
    pane.density = get("density") === null ? null : get("density") === "1";
    pane.text = get("text") === "1";
    pane.regions = get("regions") !== "0";
    pane.join = get("join");
    const k = whole(get("k"));
    pane.k = k !== null && k >= 1 && k <= 1000 ? k : pane.k;
    pane.metric = METRICS.find((metric) => metric === get("m")) ?? pane.metric;
    pane.spherize = get("sph") === "1";
    return pane;
  });
  const q = given.get("q");
  return {
    panes,
    linked: given.get("link") !== "0",
    active: given.get("active") === "2" && count === 2 ? 1 : 0,
    sentence: q === null ? null : { text: q, at: whole(given.get("at")) },
    findings: given.get("f") === "1",
  };
}

const short = (value: number) => Number(value.toPrecision(5));

function cameraText(camera: Camera): string {
  return [...camera.center, camera.zoom, camera.yaw, camera.pitch].map(short).join("_");
}

function camera(text: string | null): Camera | null {
  const v = (text ?? "").split("_").map(Number);
  if (!text || v.length !== 6 || !v.every(Number.isFinite) || v[3] <= 0) return null;
  return { center: [v[0], v[1], v[2]], zoom: v[3], yaw: v[4], pitch: v[5] };
}

function whole(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function strings(text: string | null): string[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
