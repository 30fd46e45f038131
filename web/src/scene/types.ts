/** What a scene is given and what it tells. A scene knows points by number and nothing of spaces. */

import type { Box } from "./occupancy";

export type Dims = 2 | 3;

/** What the left button does on the empty ground. */
export type Tool = "pan" | "box" | "lasso";

/** How a set of picked points joins the selection: Shift adds, Alt takes away. */
export type Join = "replace" | "add" | "remove";

/** Where the picture is looked at from. `center` in data units; `zoom` 1 shows all points. */
export interface Camera {
  center: [number, number, number];
  zoom: number;
  /** Of a picture in three dimensions: turned about the vertical and tipped, radians. */
  yaw: number;
  pitch: number;
}

/** Colour of each point: `codes[i]` is a row of the palette. */
export interface Colors {
  codes: Uint16Array;
  /** RGBA, four bytes a row, sRGB. */
  palette: Uint8Array;
}

/** A line from one point to another; `strength` in [0, 1] is its opacity. */
export interface Line {
  from: number;
  to: number;
  strength: number;
}

/** A point that is not of the space but was placed among its points. */
export interface Mark {
  place: number[];
  text: string;
}

/** The name of a region; shown while it has room, coarse levels first. */
export interface RegionLabel {
  place: number[];
  text: string;
  size: number;
  level: number;
}

/** Colours of everything that is no point; CSS colours. */
export interface Theme {
  dark: boolean;
  ground: string;
  text: string;
  muted: string;
  accent: string;
}

export interface Sprites {
  image: ImageBitmap;
  /** Width and height of one point's tile; tiles lie row by row, point by point. */
  tile: [number, number];
}

export interface SceneOptions {
  theme: Theme;
  /** Whether the system asks for less motion: nothing glides or turns by itself then. */
  calm: boolean;
  /** The pointer came over a point, or left it (-1); CSS pixels within the scene. */
  onHover(point: number, x: number, y: number): void;
  /** A point was clicked, or the empty ground (-1). */
  onPick(point: number, join: Join): void;
  /** A box or lasso was closed round these points, ascending. */
  onRegion(points: Int32Array, join: Join): void;
  onCamera(camera: Camera): void;
  /** All points were drawn for the first time. */
  onFirstPicture(): void;
  /** A movement shows only so many of the points, as the machine cannot follow with all; null when all are drawn. */
  onSample(drawn: number | null): void;
  /** A picture that turned by itself was stopped by a hand. */
  onOrbitEnd(): void;
  /** The drawing context was lost (true) and came back (false). */
  onContext(lost: boolean): void;
}

export interface SceneLike {
  /** Points drawn in the last frame, labels set on it, whether it stays as it is: what tests look at. */
  readonly drawn: number;
  readonly labelled: string[];
  readonly resting: boolean;
  readonly camera: Camera;
  /** Positions as columns x, y (and z), each one value a point; glides there from the last ones. */
  setPoints(columns: Float32Array[], glide: boolean): void;
  setColors(colors: Colors): void;
  /** 1 draws a point, 0 leaves it out; null draws all. */
  setVisible(mask: Uint8Array | null): void;
  /** 1 stands out, 0 is faded; null treats all alike. */
  setEmphasis(mask: Uint8Array | null): void;
  /** Ringed and always labelled (the first few hundred). */
  setSelected(points: ArrayLike<number>): void;
  /** Ringed lightly: the point that the pointer is over, here or in a linked pane. */
  setHovered(point: number): void;
  setLines(lines: Line[]): void;
  /** Points joined in this order; one array a polyline. */
  setPolylines(lines: Int32Array[]): void;
  /** Names of points and how much each deserves its place; null shows none. */
  setLabels(labels: { text: (point: number) => string; weight: Float32Array | null } | null): void;
  setRegions(labels: RegionLabel[]): void;
  setMarks(marks: Mark[]): void;
  /** What lies over the map, in its pixels: no name is put beneath it. */
  setCovered(boxes: Box[]): void;
  setDensity(on: boolean): void;
  /** Every point as its label instead of a dot; as many as there is room for. */
  setTextMode(on: boolean): void;
  /** 1 is the usual size for so many points. */
  setSize(factor: number): void;
  setTool(tool: Tool): void;
  setTheme(theme: Theme): void;
  setSprites(sprites: Sprites | null): void;
  setCamera(camera: Camera, glide: boolean): void;
  /** Shows all visible points, or these. */
  fit(points?: ArrayLike<number>, glide?: boolean): void;
  /** Turns a picture in three dimensions slowly until it is touched. */
  setOrbit(on: boolean): void;
  /** Moves by a share of the view, turns (3D) or zooms: what the arrow keys do. */
  nudge(dx: number, dy: number, zoom: number): void;
  /** The place of a point in CSS pixels, or null when it is not in sight. */
  locate(point: number): { x: number; y: number } | null;
  /** The visible points in sight, nearest to the middle first, at most `limit`. */
  inSight(limit: number): number[];
  /** The picture as it is now, points, lines and labels, `scale` times as large. */
  toPNG(scale: number, caption?: string): Promise<Blob>;
  toSVG(caption?: string): Blob;
  dispose(): void;
}
