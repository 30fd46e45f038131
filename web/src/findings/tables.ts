/** The figures behind a chart as rows of text, for whoever reads better than sees. */

import type { Finding } from "../contract";
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
    return columns("layer", senses.layers, {
      "nearest neighbour": senses.neighbor_accuracy,
      "nearest centroid": senses.centroid_accuracy,
      "micro F1": senses.micro_f1,
      "macro F1": senses.macro_f1,
      silhouette: senses.silhouette,
      AMI: senses.ami,
      shuffled: senses.shuffled.neighbor_accuracy,
    });
  }
  const overall = figuresOf(finding, "senses_overall");
  if (overall) {
    return columns("layer", overall.layers, {
      "nearest neighbour": overall.neighbor_accuracy,
      low: overall.low,
      high: overall.high,
      "nearest centroid": overall.centroid_accuracy,
      silhouette: overall.silhouette,
      AMI: overall.ami,
      majority: level(overall.majority, overall.layers),
      shuffled: level(overall.shuffled, overall.layers),
    });
  }
  const context = figuresOf(finding, "contextuality");
  if (context) {
    return columns("layer", context.layers, {
      anisotropy: context.anisotropy,
      "self-similarity": context.self_similarity,
      adjusted: context.self_similarity_adjusted,
      "within sentences": context.intra_sentence,
      "within, adjusted": context.intra_sentence_adjusted,
      "one direction": context.mev,
      "one direction, adjusted": context.mev_adjusted,
    });
  }
  const geometry = figuresOf(finding, "geometry");
  if (geometry) {
    return columns("layer", geometry.layers, {
      "mean cosine": geometry.mean_cosine,
      IsoScore: geometry.isoscore,
      "partition ratio": geometry.partition_ratio,
      "participation ratio": geometry.participation_ratio,
      "intrinsic dimension": geometry.intrinsic_dimension,
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
