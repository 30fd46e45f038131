/** The figures behind a chart as rows of text, for whoever reads better than sees. */

import type { AlwaysMajority, Figures, Finding, ShuffledSenses } from "../contract";
import { figuresOf, level } from "./findings";
import { said } from "./numbers";

export interface Table {
  head: string[];
  rows: string[][];
}

type Values = (number | null)[];

/** One row a value of `first`; columns without any value are left out. */
function columns(first: string, at: (number | string | null)[], named: Record<string, Values>): Table {
  const there = Object.entries(named).filter(([, values]) => values.some((value) => value !== null && value !== undefined));
  return {
    head: [first, ...there.map(([name]) => name)],
    rows: at.map((value, i) => [String(value ?? "–"), ...there.map(([, values]) => said(values[i]))]),
  };
}

/** The columns of a figure's interval; findings of an earlier version may have none. */
function interval(name: string, low: Values | undefined, high: Values | undefined): Record<string, Values> {
  return { [`${name}, low`]: low ?? [], [`${name}, high`]: high ?? [] };
}

/** Each figure beside what it is with the senses shuffled, and what always guessing the commonest gives. */
function ofSenses(figures: Figures["senses"] | Figures["senses_overall"], shuffled: Partial<ShuffledSenses>): Record<string, Values> {
  // Findings of an earlier version have fewer levels.
  const usual: Partial<AlwaysMajority> = figures.always_majority ?? {};
  const always = (value: number | null | undefined) => level(value ?? null, figures.layers);
  return {
    "nearest neighbour": figures.neighbor_accuracy,
    shuffled: shuffled.neighbor_accuracy ?? [],
    "nearest centroid": figures.centroid_accuracy,
    "centroid, shuffled": shuffled.centroid_accuracy ?? [],
    "always the commonest": level(figures.majority, figures.layers),
    "macro F1": figures.macro_f1 ?? [],
    "macro F1, shuffled": shuffled.macro_f1 ?? [],
    "macro F1, always the commonest": always(usual.macro_f1),
    silhouette: figures.silhouette,
    "silhouette, shuffled": shuffled.silhouette ?? [],
    AMI: figures.ami,
    "AMI, shuffled": shuffled.ami ?? [],
  };
}

export function tableOf(finding: Finding): Table | null {
  const positions = figuresOf(finding, "positions");
  if (positions) {
    const rows = positions.norms.map((_, i) => positions.first_row + i);
    return columns("row", rows, { "cosine with the next": [...positions.cosines, null], norm: positions.norms });
  }
  const types = figuresOf(finding, "token_types");
  if (types) {
    const at = types.norms.map((_, i) => i);
    const cosines = Object.fromEntries(at.map((i) => [`cosine with ${i}`, types.cosines.map((row) => row[i] ?? null)]));
    return columns("row", at, { norm: types.norms, ...cosines });
  }
  const senses = figuresOf(finding, "senses");
  if (senses) {
    return columns("layer", senses.layers, ofSenses(senses, senses.shuffled));
  }
  const overall = figuresOf(finding, "senses_overall");
  if (overall) {
    const shuffled = overall.shuffled_levels ?? { neighbor_accuracy: level(overall.shuffled, overall.layers) };
    const { "nearest neighbour": nearest, ...rest } = ofSenses(overall, shuffled);
    return columns("layer", overall.layers, {
      "nearest neighbour": nearest,
      low: overall.low,
      high: overall.high,
      ...rest,
    });
  }
  const context = figuresOf(finding, "contextuality");
  if (context) {
    return columns("layer", context.layers, {
      anisotropy: context.anisotropy,
      "self-similarity": context.self_similarity,
      adjusted: context.self_similarity_adjusted,
      ...interval("adjusted", context.self_similarity_low, context.self_similarity_high),
      "within sentences": context.intra_sentence,
      "within, adjusted": context.intra_sentence_adjusted,
      ...interval("within, adjusted", context.intra_sentence_low, context.intra_sentence_high),
      "one direction": context.mev,
      "one direction, adjusted": context.mev_adjusted,
      ...interval("one direction, adjusted", context.mev_low, context.mev_high),
    });
  }
  const geometry = figuresOf(finding, "geometry");
  if (geometry) {
    return columns("layer", geometry.layers, {
      "mean cosine": geometry.mean_cosine,
      ...interval("mean cosine", geometry.mean_cosine_low, geometry.mean_cosine_high),
      IsoScore: geometry.isoscore,
      ...interval("IsoScore", geometry.isoscore_low, geometry.isoscore_high),
      "partition ratio": geometry.partition_ratio,
      "participation ratio": geometry.participation_ratio,
      ...interval("participation ratio", geometry.participation_ratio_low, geometry.participation_ratio_high),
      "intrinsic dimension": geometry.intrinsic_dimension,
      ...interval("intrinsic dimension", geometry.intrinsic_low, geometry.intrinsic_high),
      duplicates: geometry.duplicates,
      "top dimensions": geometry.top_share,
    });
  }
  const ranked = figuresOf(finding, "norm_by_rank")?.bins ?? figuresOf(finding, "hubness")?.bins;
  if (ranked) {
    return columns("ranks", ranked.map((bin) => `${bin.from}–${bin.to}`), {
      median: ranked.map((bin) => bin.median),
      "lower quartile": ranked.map((bin) => bin.low),
      "upper quartile": ranked.map((bin) => bin.high),
    });
  }
  return null;
}
