/**
 * What the server and the page say to each other.
 *
 * Small things travel as JSON in the shapes below; whatever has one value a point (coordinates,
 * columns, quality) as an Arrow IPC stream, uncompressed. Every refusal is `Refusal` with a 4xx
 * status. The files under `tests/contract/` are answers of a real server; the tests of both sides
 * read them.
 *
 * Routes, with `S` for `/api/atlases/{atlas}/spaces/{space}`; `layer` is left out for a table:
 *
 * | route | answer |
 * |---|---|
 * | `GET /api/atlases` | `Atlases` |
 * | `GET /api/events` | server-sent events: `hello`, `atlas`, `job`, each with JSON of `Events` |
 * | `GET S/columns?name=label&name=kind` | Arrow, the columns asked for, one row a point |
 * | `GET S/projections/{id}?layer=6` | Arrow `x`, `y` (and `z`), float32 |
 * | `GET S/projections/{id}/quality?layer=6` | Arrow `kept`, `trust`, float32, NaN where not measured |
 * | `GET S/projections/{id}/labels?layer=6` | `ClusterLabel[]` |
 * | `POST S/projections` with `ProjectionRequest` | 202 `Job` |
 * | `GET S/neighbors?query=india&k=10&metric=cosine&layer=6&spherize=1` | `Neighbors` |
 * | `GET S/search?column=label&pattern=ind&mode=substring&case=0` | Arrow `point`, int32, ascending |
 * | `POST S/live` with `LiveRequest` | `LiveAnswer` |
 * | `POST S/tags` with `Tag` | `SpaceInfo` |
 * | `DELETE S/tags/{column}` | `SpaceInfo` |
 * | `POST S/columns` with a csv or tsv file as the body | `SpaceInfo` |
 * | `POST S/selection` with `SelectionRequest` | text/csv, as an attachment |
 * | `GET`, `PUT /api/atlases/{atlas}/bookmarks` | `Bookmark[]` |
 * | `GET /api/jobs` | `Job[]`, running and ended |
 * | `POST /api/jobs/{id}` with `JobOrder` | `Job` |
 * | `GET /api/jobs/{id}/coordinates` | Arrow `x`, `y` (and `z`): the layout so far; 404 before there is one |
 *
 * `query` is what `lexiscope near` takes: a label, `#12`, or `king - man + woman`.
 */

export interface Refusal {
  error: string;
}

export interface Atlases {
  lexiscope: string;
  atlases: AtlasInfo[];
}

export interface AtlasInfo {
  /** Stands in addresses: the folder's name, made unique among the atlases open. */
  id: string;
  name: string;
  /** The model it was made from; null for an atlas without spaces yet. */
  model: string | null;
  notes: string[];
  spaces: SpaceInfo[];
  /** Names of spaces that a build has begun and not finished. */
  unfinished: string[];
  /** What a build in another process is at; null when none runs. */
  building: Progress | null;
  /** Why the atlas cannot be read now (it was deleted, say); null when all is well. */
  error: string | null;
}

export interface Progress {
  stage: string;
  unit: string;
  done: number;
  total: number;
}

export interface SpaceInfo {
  name: string;
  /** Changes with whatever is written to the space. */
  version: string;
  kind: string;
  points: number;
  dimensions: number;
  /** Ascending; empty for a table. */
  layers: number[];
  columns: ColumnInfo[];
  /** By layer, the key "" for a table; the one that keeps most first, axes last. */
  projections: Record<string, ProjectionInfo[]>;
  /** By layer: how the neighbours were found. */
  graphs: Record<string, { method: "exact" | "hnsw"; k: number; recall: number }>;
  /** Whether a sentence can be read into this space. */
  live: boolean;
}

export interface ColumnInfo {
  name: string;
  /** `category`: few different values, each named in `categories`, most frequent first. */
  type: "category" | "number" | "text";
  categories: { value: string; count: number }[] | null;
  /** Of a number. */
  range: [number, number] | null;
  missing: number;
  /** Put in by a person: a tag or an uploaded column. */
  own: boolean;
}

export interface ProjectionInfo {
  id: string;
  method: "pca" | "tsne" | "umap" | "axes";
  dims: 2 | 3;
  parameters: Record<string, unknown>;
  seed: number | null;
  quality: { k: number; kept: number; trustworthiness: number } | null;
  details: {
    components?: number[];
    explained_variance?: number[];
    neighbors?: number;
    /** The layer whose layout this one started from, and what it would keep by itself. */
    aligned?: { to: number; kept_alone: number | null; trustworthiness_alone: number | null };
    [name: string]: unknown;
  };
}

export interface ProjectionRequest {
  method: "pca" | "tsne" | "umap" | "axes";
  dims: 2 | 3;
  /** Left out for a table; "all" computes every layer, aligned. */
  layer?: number | "all";
  seed?: number;
  /**
   * pca: `components`; tsne: `perplexity`, `learning_rate`, `supervise` (a column),
   * `supervision` (0 to 1); umap: `neighbors`, `min_dist`; axes: `axes`, a list of
   * `"man, boy -> /^wom/"`; all but axes: `spherize`.
   */
  parameters?: Record<string, unknown>;
}

export interface Neighbors {
  query: string;
  metric: "cosine" | "euclidean" | "dot";
  layer: number | null;
  /** The points that the query names, which are left out of the answer. */
  points: number[];
  neighbors: Neighbor[];
}

export interface Neighbor {
  point: number;
  label: string;
  /** Cosine similarity, dot product, or Euclidean distance. */
  value: number;
}

export interface LiveRequest {
  text: string;
  /** A character of the word (code points); without it only the words are answered. */
  at?: number;
  k?: number;
}

export interface LiveAnswer {
  text: string;
  /** Code points: text[start:end]. */
  words: { start: number; end: number; word: string }[];
  /** Null until a word was chosen. */
  word: { start: number; end: number; word: string } | null;
  layers: {
    layer: number;
    neighbors: Neighbor[];
    /** Where it lands on each projection of the layer, by id. */
    places: Record<string, number[]>;
  }[];
}

export interface Tag {
  column: string;
  value: string;
  points: number[];
}

export interface SelectionRequest {
  /** Left out for all points. */
  points?: number[];
  layer?: number;
  /** With the vectors, one column a dimension. */
  vectors?: boolean;
}

export interface ClusterLabel {
  text: string;
  place: number[];
  /** Number of points it stands for. */
  size: number;
  /** 0 is the coarsest. */
  level: number;
}

export interface Bookmark {
  name: string;
  /** The view's address, from its `#` on. */
  view: string;
  /** ISO 8601. */
  made: string;
}

export interface Job {
  id: string;
  atlas: string;
  space: string;
  request: ProjectionRequest;
  state: "waiting" | "running" | "paused" | "done" | "stopped" | "failed";
  progress: Progress | null;
  /** The layer it is at, and the projection's id once it is kept. */
  layer: number | null;
  projection: string | null;
  /** Counts the layouts that `/coordinates` has had. */
  layouts: number;
  error: string | null;
}

export interface JobOrder {
  order: "pause" | "resume" | "stop" | "perturb";
}

export interface Events {
  /** First on every connection; `server` changes when the server was started anew. */
  hello: { server: string };
  /** Something in an atlas changed: its new description. */
  atlas: AtlasInfo;
  job: Job;
}
