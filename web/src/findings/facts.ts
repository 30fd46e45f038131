/** What a finding rests on, as short terms and values; and how to read it. */

import type { Finding } from "../contract";
import { figuresOf } from "./findings";
import { interval, probability, said, share, times } from "./numbers";

export type Fact = [term: string, value: string];

const count = (value: number) => value.toLocaleString("en");

/** An interval in brackets; findings of an earlier version may have none. */
function within(low: number | null | undefined, high: number | null | undefined): string {
  const told = interval(low, high);
  return told === "–" ? "" : ` (95 % interval ${told})`;
}

/** Where a p that may lie on either side of .05 lies. */
function doubt(figures: { unsure?: boolean; p_corrected_low: number | null; p_corrected_high: number | null }): string {
  return figures.unsure ? `; unsure: it lies between ${interval(figures.p_corrected_low, figures.p_corrected_high).replace(" to ", " and ")}` : "";
}

function strength(figures: { strength: number | null; strength_low: number | null; strength_high: number | null }): string {
  const interval = within(figures.strength_low, figures.strength_high);
  return interval && `; ${said(figures.strength, 2)} times the usual spread${interval}`;
}

export function factsOf(finding: Finding): Fact[] {
  const group = figuresOf(finding, "group");
  if (group) {
    const named = (words: string[] | undefined, what: string) => (words?.length ? `; ${what}: ${words.join(", ")}` : "");
    // Findings of an earlier version have no list of those left out.
    const lacking =
      named(group.missing, "not in the vocabulary") + named(group.left_out, "left out, as copies of others or without direction");
    return [
      ["points", group.words === null ? count(group.n) : `${group.n} of ${group.words} words${lacking}`],
      ["neighbours that are of the group", `${share(group.share)} of ${group.k}`],
      ["95 % interval", interval(group.low, group.high, share)],
      ["by chance", share(group.chance)],
      ["times chance", times(group.lift)],
      ["p, corrected", `${probability(group.p_corrected)} (${count(group.permutations)} permutations, ${group.tests} groups)${doubt(group)}`],
    ];
  }
  const positions = figuresOf(finding, "positions");
  if (positions) {
    const facts: Fact[] = [["rows", `${count(positions.n)}${positions.unused ? `, ${positions.unused} unused` : ""}`]];
    for (const each of positions.breaks) {
      facts.push([each.unsure ? "break, unsure" : "break", `rows ${each.first} to ${each.last}: cosine ${each.cosines.map((value) => said(value)).join(", ")}, usually ${said(each.usual)}${strength(each)}`]);
    }
    for (const each of positions.change_points.slice(0, 6)) {
      const what =
        each.of === "norm"
          ? `norm ${said(each.before)} before, ${said(each.after)} from there on`
          : `cosine ${said(each.within)} within, ${said(each.across)} across`;
      facts.push([each.unsure ? "change, unsure" : "change", `at row ${each.row}: ${what}${strength(each)}`]);
    }
    return facts;
  }
  const types = figuresOf(finding, "token_types");
  if (types) {
    return [
      ["rows", count(types.n)],
      ["norms", types.norms.map((norm) => said(norm)).join(", ")],
      ...(types.word_norm
        ? ([["words' norms", `median ${said(types.word_norm.median)} (${interval(types.word_norm.low, types.word_norm.high)})`]] as Fact[])
        : []),
    ];
  }
  const senses = figuresOf(finding, "senses");
  if (senses) {
    return [
      ["occurrences", `${count(senses.n)}${senses.left_out ? `, and ${senses.left_out} of rarer senses left out` : ""}`],
      ["senses", Object.entries(senses.senses).map(([sense, n]) => `${sense} (${n})`).join(", ")],
      ["always the commonest", share(senses.majority)],
      ["best layer", String(senses.best_layer ?? "–")],
      ["p", `${probability(senses.p_corrected)} (${count(senses.shuffles)} shuffles)${doubt(senses)}`],
      ["scored", senses.scored === "split" ? `${senses.train} occurrences against ${senses.test} held out` : "each occurrence against all others"],
    ];
  }
  const overall = figuresOf(finding, "senses_overall");
  if (overall) {
    const at = overall.layers.indexOf(overall.best_layer ?? -1);
    return [
      ["words", `${overall.words}, ${count(overall.n)} occurrences`],
      ["best layer", `${overall.best_layer ?? "–"}: ${share(overall.neighbor_accuracy[at])}`],
      ["95 % interval over words", interval(overall.low[at], overall.high[at], share)],
    ];
  }
  const context = figuresOf(finding, "contextuality");
  if (context) {
    return [
      ["occurrences", `${count(context.n)} of ${count(context.words)} words in ${count(context.texts)} texts`],
      ...(context.sampled ? ([["drawn", `${count(context.sampled)} (seed ${context.seed})`]] as Fact[]) : []),
      ...(context.intra_reason ? ([["within sentences", context.intra_reason]] as Fact[]) : []),
    ];
  }
  const geometry = figuresOf(finding, "geometry");
  if (geometry) {
    return [
      ["points", `${count(geometry.n)}${geometry.sampled ? `, ${count(geometry.sampled)} of them drawn` : ""}`],
      ["dimensions", count(geometry.dimensions)],
      ...(geometry.layers.length === 1
        ? ([["intrinsic, 95 % interval", interval(geometry.intrinsic_low[0], geometry.intrinsic_high[0])]] as Fact[])
        : []),
    ];
  }
  const norms = figuresOf(finding, "norm_by_rank");
  if (norms) {
    return [
      ["points", `${count(norms.n)}${norms.left_out ? `, ${count(norms.left_out)} left out` : ""}`],
      ["correlation with rank", said(norms.correlation)],
      ["95 % interval", interval(norms.low, norms.high)],
      ["by chance", "0"],
    ];
  }
  const hubs = figuresOf(finding, "hubness");
  if (hubs) {
    return [
      ["points", `${count(hubs.n)}, ${hubs.k} neighbours each`],
      // Of heavy tails the upper end is too low too often.
      [
        "skewness",
        `${said(hubs.skewness)}${hubs.marked ? ` (at 97.5 % confidence at least ${said(hubs.skewness_low)})` : within(hubs.skewness_low, hubs.skewness_high)}; by chance ${said(hubs.chance_skewness)}`,
      ],
      ["nobody's neighbour", `${count(hubs.orphans)} points`],
      ["correlation with rank", `${said(hubs.correlation)} (${interval(hubs.low, hubs.high)})`],
    ];
  }
  const clusters = figuresOf(finding, "clusters");
  if (clusters) {
    const settings = Object.entries(clusters.parameters).map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`);
    return [
      ["points", `${count(clusters.n)}, ${count(clusters.clustered)} of them in clusters (${share(clusters.share)})`],
      // Findings of an earlier version do not tell.
      ...(clusters.unsure ? [["unsure", `${count(clusters.unsure)} clusters of ${count(clusters.unsure_clustered)} points`] as Fact] : []),
      ["did not come again", `${count(clusters.dissolved)} more, not listed`],
      ["method", [clusters.method, ...settings].join(", ")],
      ["stability from", `${clusters.resamples} resamples (seed ${clusters.seed})`],
    ];
  }
  return [];
}

/** For a person who has not read the papers. */
const READING: Record<string, string> = {
  group:
    "For every member of the group we look at its nearest neighbours among all points and count how many are members too. Chance is the same count for as many points drawn at random. We say that a group gathers when its p, corrected for the number of groups, is below .05; p says how often as many random points come as close together. Where the draws cannot tell on which side of .05 it lies, whether the group gathers is unsure. Not one in such a group: 0, left of the break in the axis.",
  positions:
    "Each position of a text has a vector of its own. Positions that follow each other should be alike, and less so the further apart they are: a bright diagonal that fades evenly. A dark cross or a dip in the line is a position that the model holds apart from its neighbours. What is usual around it is an estimate, so a dip near the least that counts is marked as unsure.",
  token_types:
    "These few vectors are added to every token to say which of two texts it belongs to. If they are equal or very short beside the words', the model makes nothing of them.",
  senses:
    "For every occurrence of the word we ask whether its nearest other occurrence has the same sense. A line above the dashed one, which always guesses the commonest sense, means that this layer tells the senses apart; the dotted line is what the same figures give with the senses dealt out at random. We say that the senses lie apart when p, corrected for the number of layers and words, is below .05; where the shuffles cannot tell on which side of it p lies, that is unsure.",
  senses_overall:
    "The mean over all words of how often the nearest other occurrence has the same sense, with its 95 % interval over words. Where the band lies above both levels, the layer tells senses apart.",
  contextuality:
    "Self-similarity 1 means that a word has the same vector in every sentence; the lower it is, the more of the vector is its sentence. Two different words are alike to some degree too (anisotropy), so the adjusted line has that taken out and is the one to read.",
  geometry:
    "A mean cosine of 0 means that vectors point evenly in all directions; IsoScore and partition ratio would be 1 if all dimensions were used alike, and the partition ratio also falls with the vectors' lengths, so compare it between spaces of like lengths only. The participation ratio says how many directions carry the spread, the intrinsic dimension how many one needs to walk about among near points. If few dimensions carry most of the mean cosine, cosines there say little else.",
  norm_by_rank:
    "Points are put in bins by their rank in the vocabulary, frequent ones first. The line is the median length of the vectors in a bin, the band holds the middle half. A flat line means that length says nothing of frequency.",
  hubness:
    "Everyone has the same number of nearest neighbours, but some points are a neighbour of very many: hubs. The histogram counts points by how often they are one. A long tail to the right means that neighbour lists repeat the same few points. Skewness says how long it is; where its interval holds the value from which hubs are marked, whether there are any is unsure.",
  clusters:
    "Points in crowded places that are separated by emptier ones. Stability says how much of a cluster comes back when some points are left out: 1 is all of it, and below .6 it is not shown. The draws tell it to within a few hundredths only, so one that may lie on either side of .6 has a question mark: it is unsure.",
};

export function reading(name: string): string | null {
  return READING[name] ?? null;
}
