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
 * | `GET /api/atlases/{atlas}/findings` | `Findings` |
 * | `POST /api/atlases/{atlas}/findings`, no body | 202 `Findings`: they are being measured |
 * | `POST /api/comparisons` with `ComparisonRequest` | `ComparisonAnswer`, after some seconds |
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

// ---- findings ------------------------------------------------------------------------------------

export interface Findings {
  findings: Finding[];
  /** Whether a space was made anew since: what is said here is of what it was. */
  outdated: boolean;
  /** Set while this server measures. */
  running: Progress | null;
  /** Why the last measuring failed. */
  error: string | null;
}

/** Something measured of a space: one sentence, and what stands behind it. */
export interface Finding {
  /** A key of `Figures`; a name that the page does not know is shown as its sentence alone. */
  name: string;
  space: string;
  /** Null for a table, and where the sentence is about all layers. */
  layer: number | null;
  statement: string;
  /** In the shape that `Figures` gives for the name, or `Refused`. Any number may be null. */
  figures: Record<string, unknown>;
  /** What it is about, to be shown on the map. */
  points: number[];
}

/** The figures of a finding that had too few points to say anything. */
export interface Refused {
  n: number;
  refused: boolean;
}

/** By name, what stands behind a finding. */
export interface Figures {
  group: GroupFigures;
  positions: PositionFigures;
  token_types: TokenTypeFigures;
  senses: SenseFigures;
  senses_overall: SensesOverallFigures;
  contextuality: ContextualityFigures;
  geometry: GeometryFigures;
  norm_by_rank: NormFigures;
  hubness: HubFigures;
  clusters: ClusterFigures;
}

/** Whether the points of a group have each other among their k nearest neighbours. */
export interface GroupFigures {
  group: string;
  /** Where the group comes from: a column of the vocabulary, a list of words, a person's own. */
  source: "kind" | "script" | "list" | "own";
  k: number;
  n: number;
  points_in_space: number;
  /** Of a list: how many words it has, those that the vocabulary lacks, and those left out as copies or zero. */
  words: number | null;
  missing: string[];
  left_out: string[];
  /** Mean share of a member's k neighbours that are members, and what chance gives. */
  share: number | null;
  chance: number | null;
  lift: number | null;
  /** The share's 95 % interval. */
  low: number | null;
  high: number | null;
  p: number | null;
  /** After Holm's correction for so many `tests`. */
  p_corrected: number | null;
  /** Where it may lie: the permutations know it no better (95 %). */
  p_corrected_low: number | null;
  p_corrected_high: number | null;
  tests: number;
  permutations: number;
  seed: number;
  /** Whether it gathers for sure; and whether p may lie on either side of .05. */
  gathers: boolean;
  unsure: boolean;
  /** Members with the most, and with the fewest, of their own about them. */
  examples: LabelledShare[];
  strays: LabelledShare[];
}

export interface LabelledShare {
  point: number;
  label: string;
  share: number;
}

/** A position table: how near neighbouring rows are, where the row breaks. */
export interface PositionFigures {
  /** Rows in use, from `first_row` on; the others were never trained. */
  n: number;
  unused: number;
  first_row: number;
  /** Cosine of each row with the next; one fewer than rows. */
  cosines: (number | null)[];
  norms: (number | null)[];
  breaks: {
    /** Rows, the ends included. */
    first: number;
    last: number;
    cosines: (number | null)[];
    usual: number | null;
    /** How far the lowest lies below the usual, in the table's usual spreads, with its 95 % interval. */
    strength: number | null;
    strength_low: number | null;
    strength_high: number | null;
    /** Whether it may be a break or not: what decides it lies near its threshold. */
    unsure: boolean;
  }[];
  /** Where a stretch begins that is unlike the one before. */
  change_points: {
    row: number;
    /** What changes. */
    of: "direction" | "norm";
    strength: number | null;
    strength_low: number | null;
    strength_high: number | null;
    unsure: boolean;
    /** Cosine on one side, and from one side to the other. */
    within: number | null;
    across: number | null;
    /** Median norm on either side. */
    before: number | null;
    after: number | null;
  }[];
  heatmap: EncodedMatrix;
}

/** Cosines of all rows with all rows, as bytes. */
export interface EncodedMatrix {
  /** Rows and columns; each cell is the mean of `block` x `block` of the table's. */
  rows: number;
  block: number;
  low: number;
  high: number;
  /** Base64, row by row: low + (high - low) * byte / 255. */
  values: string;
}

export interface TokenTypeFigures {
  n: number;
  norms: (number | null)[];
  cosines: (number | null)[][];
  word_norm: { median: number; low: number; high: number } | null;
  /** Of the mean norm to the median of the words'. */
  ratio: number | null;
  identical: boolean;
  all_zero: number[];
}

/** What figures of senses are by layer with the senses dealt out anew at random: the mean. */
export interface ShuffledSenses {
  neighbor_accuracy: (number | null)[];
  centroid_accuracy: (number | null)[];
  micro_f1: (number | null)[];
  macro_f1: (number | null)[];
  silhouette: (number | null)[];
  ami: (number | null)[];
}

/** What always saying the most frequent sense reaches; a silhouette it has none. */
export interface AlwaysMajority {
  micro_f1: number | null;
  macro_f1: number | null;
  ami: number;
}

/** Whether the senses of one word lie apart, by layer. */
export interface SenseFigures {
  word: string;
  n: number;
  /** Occurrences by sense. */
  senses: Record<string, number>;
  /** Share of the most frequent sense: what always guessing it gives. */
  majority: number | null;
  layers: number[];
  neighbor_accuracy: (number | null)[];
  centroid_accuracy: (number | null)[];
  micro_f1: (number | null)[];
  macro_f1: (number | null)[];
  silhouette: (number | null)[];
  ami: (number | null)[];
  shuffled: ShuffledSenses;
  always_majority: AlwaysMajority;
  p: number | null;
  /** Corrected for the other words too; the verdict goes by it. */
  p_corrected: number | null;
  /** Where it may lie: the shuffles know it no better (95 %); and whether that is on either side of .05. */
  p_corrected_low: number | null;
  p_corrected_high: number | null;
  unsure: boolean;
  best_layer: number | null;
  scored: "leave-one-out" | "split";
  train: number | null;
  test: number | null;
  shuffles: number;
  seed: number;
  /** Occurrences of senses that are too rare to be scored. */
  left_out: number;
}

export interface SensesOverallFigures {
  words: number;
  n: number;
  layers: number[];
  neighbor_accuracy: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  centroid_accuracy: (number | null)[];
  centroid_low: (number | null)[];
  centroid_high: (number | null)[];
  micro_f1: (number | null)[];
  macro_f1: (number | null)[];
  macro_f1_low: (number | null)[];
  macro_f1_high: (number | null)[];
  silhouette: (number | null)[];
  silhouette_low: (number | null)[];
  silhouette_high: (number | null)[];
  ami: (number | null)[];
  ami_low: (number | null)[];
  ami_high: (number | null)[];
  majority: number | null | (number | null)[];
  /** Of `neighbor_accuracy`. */
  shuffled: number | null | (number | null)[];
  shuffled_levels: ShuffledSenses;
  always_majority: AlwaysMajority;
  best_layer: number | null;
  seed: number;
}

/** How much a word's vector is of its sentence, by layer; `adjusted` has the layer's mean taken out. */
export interface ContextualityFigures {
  n: number;
  words: number;
  texts: number;
  layers: number[];
  /** Mean cosine of occurrences of two different words. */
  anisotropy: (number | null)[];
  self_similarity: (number | null)[];
  self_similarity_adjusted: (number | null)[];
  /** 95 % interval over words of the adjusted one. */
  self_similarity_low: (number | null)[];
  self_similarity_high: (number | null)[];
  intra_sentence: (number | null)[];
  intra_sentence_adjusted: (number | null)[];
  /** 95 % interval over texts of the adjusted one. */
  intra_sentence_low: (number | null)[];
  intra_sentence_high: (number | null)[];
  /** Why there is no figure within sentences. */
  intra_reason: string | null;
  /** Variance that one direction explains. */
  mev: (number | null)[];
  mev_adjusted: (number | null)[];
  /** 95 % interval over words of the adjusted one. */
  mev_low: (number | null)[];
  mev_high: (number | null)[];
  mev_baseline: (number | null)[];
  /** Words of which it is that of 500 drawn occurrences. */
  mev_sampled: number;
  most_contextual: WordSimilarity[];
  least_contextual: WordSimilarity[];
  sampled: number | null;
  seed: number;
}

export interface WordSimilarity {
  word: string;
  self_similarity: number;
  /** Numbers of its occurrences, at most 500. */
  points: number[];
}

/** How a space fills its dimensions, by layer; the one layer of a table is null. */
export interface GeometryFigures {
  n: number;
  dimensions: number;
  layers: (number | null)[];
  /** Each with its 95 % interval over the points, or over the words that these are occurrences of. */
  mean_cosine: (number | null)[];
  mean_cosine_low: (number | null)[];
  mean_cosine_high: (number | null)[];
  isoscore: (number | null)[];
  isoscore_low: (number | null)[];
  isoscore_high: (number | null)[];
  partition_ratio: (number | null)[];
  participation_ratio: (number | null)[];
  participation_ratio_low: (number | null)[];
  participation_ratio_high: (number | null)[];
  /** What it would be of as many points spread evenly. */
  participation_even: number;
  intrinsic_dimension: (number | null)[];
  /** Its 95 % interval, over points or words like the others. */
  intrinsic_low: (number | null)[];
  intrinsic_high: (number | null)[];
  duplicates: (number | null)[];
  /** Share of the mean cosine that the strongest dimensions carry, and each of them. */
  top_share: (number | null)[];
  top_dimensions: { dimension: number; share: number | null }[][];
  sampled: number | null;
  seed: number;
}

/** Rank in the vocabulary and length of the vector. */
export interface NormFigures {
  n: number;
  left_out: number;
  /** Spearman's, with its 95 % interval. */
  correlation: number | null;
  low: number | null;
  high: number | null;
  seed: number;
  bins: RankBin[];
  largest: LabelledNorm[];
  smallest: LabelledNorm[];
}

/** Points of ranks `from` to `to`: the median, and the quartiles. */
export interface RankBin {
  from: number;
  to: number;
  median: number | null;
  low: number | null;
  high: number | null;
}

export interface LabelledNorm {
  point: number;
  label: string;
  norm: number;
}

/** How often points are among the k nearest of others. */
export interface HubFigures {
  n: number;
  k: number;
  /** Of the counts, with its 95 % interval. */
  skewness: number | null;
  skewness_low: number | null;
  skewness_high: number | null;
  chance_skewness: number | null;
  /** Whether there are marked hubs for sure; and whether the skewness may lie on either side of what marks them. */
  marked: boolean;
  unsure: boolean;
  largest: number;
  /** Points that are nobody's neighbour. */
  orphans: number;
  /** Of rank and occurrences, Spearman's, with its 95 % interval. */
  correlation: number | null;
  low: number | null;
  high: number | null;
  seed: number;
  hubs: { point: number; label: string; occurrences: number }[];
  histogram: { occurrences_from: number; occurrences_to: number; points: number }[];
  bins: RankBin[];
}

export interface ClusterFigures {
  n: number;
  /** Points in the clusters that are sure. */
  clustered: number;
  share: number | null;
  found: number;
  /** Clusters whose stability may lie on either side of the least there must be, and their points. */
  unsure: number;
  unsure_clustered: number;
  method: string;
  parameters: Record<string, unknown>;
  /** Clusters, and points in them, in the same numbers shuffled among the points; null if not asked. */
  chance_found: number | null;
  chance_clustered: number | null;
  chance_unsure: number | null;
  /** How many were found and did not come again in resamples; they are not listed. */
  dissolved: number;
  clusters: FoundCluster[];
  unclustered: number;
  resamples: number;
  seed: number;
}

export interface FoundCluster {
  name: string;
  size: number;
  /** Mean Jaccard similarity with its likes in resamples, 0 to 1, and the 95 % interval of that mean. */
  stability: number | null;
  low: number | null;
  high: number | null;
  /** Whether the interval holds the least there must be. */
  unsure: boolean;
  /** The point in its middle. */
  center: number | null;
  points: number[];
}

// ---- comparisons ---------------------------------------------------------------------------------

export interface ComparisonRequest {
  a: Side;
  b: Side;
}

export interface Side {
  atlas: string;
  space: string;
  layer: number | null;
}

/** Two spaces, or two layers of one, side by side. */
export interface Comparison {
  space: string;
  a: ComparedSpace;
  b: ComparedSpace;
  /** Points that are in both. */
  shared: number;
  gained: { n: number; labels: string[] };
  lost: { n: number; labels: string[] };
  /** Points of labels that stand more than once, which cannot be told apart. */
  ambiguous: number;
  identical: boolean;
  /** Linear centred kernel alignment of each layer with each, and of unrelated spaces. */
  cka: {
    layers_a: (number | null)[];
    layers_b: (number | null)[];
    values: (number | null)[][];
    debiased: (number | null)[][];
    chance: number | null;
  };
  /** Mean share of a point's k nearest neighbours that are the same in both. */
  overlap: {
    k: number;
    mean: number;
    /** The mean's 95 % interval. */
    low: number | null;
    high: number | null;
    chance: number | null;
    /** Share of the true neighbours that the searches found. */
    recall: number | null;
    /** Share of the neighbours listed that others are as near as. */
    arbitrary: number | null;
  } | null;
  /** Of a point with itself, after the best rotation of one space onto the other. */
  cosine: {
    mean: number;
    median: number;
    /** That of the 5th percentile, and the least of all. */
    low: number | null;
    lowest: number | null;
    /** The mean where the points of one are shuffled. */
    chance: number | null;
  } | null;
  /** Why there is none. */
  cosine_reason: string | null;
  /** Of words in context: the same with the occurrences of each word exchanged for one another. */
  within_words: { overlap: number | null; cosine: number | null; cka: number | null } | null;
  movement_by: "procrustes" | "overlap";
  /** How many did at all; null where the points are too few to tell. */
  moved: number | null;
  most_moved: MovedPoint[];
  statements: string[];
  seed: number;
}

export interface ComparedSpace {
  name: string;
  points: number;
  dimensions: number;
  layers: number[];
  /** The layer that is compared point by point. */
  layer: number | null;
}

export interface MovedPoint {
  label: string;
  /** Its number on either side. */
  a: number;
  b: number;
  movement: number;
  overlap: number | null;
  /** The nearest in the first space, and in the second. */
  before: string[];
  after: string[];
}

export interface ComparisonAnswer extends Comparison {
  /** How far each point of either space moved; null where not in both, or not told. */
  by_point: { a: (number | null)[]; b: (number | null)[] };
}

/** What the one-file report holds: `lexiscope report`, `lexiscope diff`. */
export interface ReportData {
  kind: "findings" | "comparison";
  title: string;
  /** ISO 8601. */
  made: string;
  lexiscope: string;
  atlas: {
    name: string;
    model: string | null;
    spaces: { name: string; points: number; dimensions: number; layers: number[] }[];
  } | null;
  findings: Finding[];
  comparisons: Comparison[];
  /** Spaces that were not compared, and why. */
  left_out: Record<string, string>;
}
