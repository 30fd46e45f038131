/** Findings in the order in which they are read, and their figures in the shape that fits. */

import type { Comparison, Figures, Finding } from "../contract";

export type KindName = keyof Figures;

export interface Section {
  title: string;
  findings: Finding[];
}

const SECTIONS: { title: string; names: string[] }[] = [
  { title: "Groups", names: ["group"] },
  { title: "Positions", names: ["positions"] },
  { title: "Token types", names: ["token_types"] },
  { title: "Senses", names: ["senses_overall", "senses"] },
  { title: "Contextuality", names: ["contextuality"] },
  { title: "Geometry", names: ["geometry"] },
  { title: "Frequency", names: ["norm_by_rank", "hubness"] },
  { title: "Clusters", names: ["clusters"] },
];
const REST = "Others";

export function isRefused(finding: Finding): boolean {
  return Boolean(finding.figures["refused"]);
}

/** The figures where the finding is of this kind and states something. */
export function figuresOf<K extends KindName>(finding: Finding, name: K): Figures[K] | null {
  // The server's answers are held against the contract by its tests.
  return finding.name === name && !isRefused(finding) ? (finding.figures as unknown as Figures[K]) : null;
}

/** By what they are about; a kind that this page does not know comes last. */
export function sections(findings: Finding[]): Section[] {
  const known = new Set(SECTIONS.flatMap(({ names }) => names));
  const made = SECTIONS.map(({ title, names }) => ({
    title,
    findings: names.flatMap((name) => findings.filter((each) => each.name === name)),
  }));
  made.push({ title: REST, findings: findings.filter((each) => !known.has(each.name)) });
  return made.filter((section) => section.findings.length);
}

/** The spaces that findings are of, `first` before the others. */
export function spacesOf(findings: Finding[], first = ""): string[] {
  const names = [...new Set(findings.map((each) => each.space))];
  return names.includes(first) ? [first, ...names.filter((name) => name !== first)] : names;
}

/** Groups whose neighbours are most of all members first (how many times chance that is ranks nothing); refused ones last. */
export function byShare(findings: Finding[]): Finding[] {
  const share = (finding: Finding) => figuresOf(finding, "group")?.share ?? -1;
  return [...findings].sort((a, b) => share(b) - share(a));
}

/** Words whose senses are told apart best first, above what always guessing the most frequent gives. */
export function byGain(findings: Finding[]): Finding[] {
  const gain = (finding: Finding) => {
    const figures = figuresOf(finding, "senses");
    return figures ? (best(figures) ?? 0) - (figures.majority ?? 0) : -2;
  };
  return [...findings].sort((a, b) => gain(b) - gain(a));
}

/** The accuracy at the best layer. */
export function best(figures: Figures["senses"]): number | null {
  const at = figures.layers.indexOf(figures.best_layer ?? -1);
  return figures.neighbor_accuracy[at] ?? null;
}

const TITLES: Record<string, string> = {
  positions: "Position table",
  token_types: "Token types",
  senses_overall: "All words together",
  contextuality: "How much of a word is its sentence",
  geometry: "How the space is filled",
  norm_by_rank: "Length of vectors and rank",
  hubness: "Hubs",
  clusters: "Dense clusters",
};

export function title(finding: Finding): string {
  const { figures } = finding;
  if (typeof figures["group"] === "string") return figures["group"];
  if (typeof figures["word"] === "string") return figures["word"];
  return TITLES[finding.name] ?? finding.name.replaceAll("_", " ");
}

/** A level that is one number, or one a layer. */
export function level(value: number | null | (number | null)[], layers: number[]): (number | null)[] {
  return Array.isArray(value) ? value : layers.map(() => value);
}

/** What the two sides are called: by their layers where one atlas is both. */
export function sidesOf({ a, b }: Pick<Comparison, "a" | "b">): [string, string] {
  if (a.name !== b.name) return [a.name, b.name];
  return a.layer !== b.layer ? [`layer ${a.layer ?? "–"}`, `layer ${b.layer ?? "–"}`] : ["first", "second"];
}

/** Neighbours by name, those of one name once with their number, the most frequent first. */
export function gathered(names: string[], most = 4): string {
  const numbers = new Map<string, number>();
  for (const name of names) numbers.set(name, (numbers.get(name) ?? 0) + 1);
  const ranked = [...numbers].sort((a, b) => b[1] - a[1]);
  const shown = ranked.slice(0, most).map(([name, number]) => (number > 1 ? `${name} ${number}` : name));
  return shown.join(", ") + (ranked.length > most ? ", …" : "");
}
