import { expect, test } from "vitest";
import type { Finding } from "../contract";
import { factsOf } from "./facts";
import { best, byGain, byShare, figuresOf, gathered, level, sections, sidesOf, spacesOf, title } from "./findings";
import { tableOf } from "./tables";

const made = (name: string, figures: Record<string, unknown>, space = "word"): Finding => ({
  name,
  space,
  layer: null,
  statement: `${name} said`,
  figures,
  points: [],
});
const group = (name: string, share: number | null, lift = 2) => made("group", { group: name, share, lift, missing: [], left_out: [] });
const word = (name: string, accuracy: number, majority: number) =>
  made("senses", { word: name, layers: [0, 6], best_layer: 6, neighbor_accuracy: [0, accuracy], majority });
const refused = made("group", { n: 3, refused: true });

test("sections come in the order in which they are read, and what is not known comes last", () => {
  const found = [made("novelty", {}), made("senses", {}), made("senses_overall", {}), group("months", 0.8)];
  expect(sections(found).map((each) => each.title)).toEqual(["Groups", "Senses", "Others"]);
  expect(sections(found)[1].findings.map((each) => each.name)).toEqual(["senses_overall", "senses"]);
  expect(sections([])).toEqual([]);
});

test("the space that is shown comes first", () => {
  const found = [made("a", {}, "word"), made("b", {}, "context"), made("c", {}, "word")];
  expect(spacesOf(found)).toEqual(["word", "context"]);
  expect(spacesOf(found, "context")).toEqual(["context", "word"]);
  expect(spacesOf(found, "position")).toEqual(["word", "context"]);
});

test("groups are sorted by their share, whatever it is beside chance", () => {
  const sorted = byShare([refused, group("few", 0.1, 900), group("none", null), group("many", 0.9, 2)]);
  expect(sorted.slice(0, 2).map(title)).toEqual(["many", "few"]);
  expect(sorted).toHaveLength(4);
});

test("of a group is said which words it lacks, and which were left out", () => {
  const drinks = { n: 3, words: 6, missing: ["chai"], left_out: ["cola", "gin"], permutations: 99, k: 10 };
  expect(factsOf(made("group", drinks))[0]).toEqual([
    "points",
    "3 of 6 words; not in the vocabulary: chai; left out, as copies of others or without direction: cola, gin",
  ]);
  // Findings of an earlier version have no such list.
  expect(factsOf(made("group", { ...drinks, missing: [], left_out: undefined }))[0][1]).toBe("3 of 6 words");
});

test("what is unsure is said to be, and where it may lie", () => {
  const unsure = { n: 9, words: null, k: 10, permutations: 9999, tests: 2, p_corrected: 0.049, p_corrected_low: 0.045, p_corrected_high: 0.053 };
  const told = (figures: Record<string, unknown>) => factsOf(made("group", { ...unsure, ...figures })).at(-1)![1];
  expect(told({ unsure: true })).toBe(".049 (9,999 permutations, 2 groups); unsure: it lies between .045 and .053");
  expect(told({ unsure: false })).toBe(".049 (9,999 permutations, 2 groups)");
  const place = { first: 4, last: 5, cosines: [0.5], usual: 0.7, strength: 8.4, strength_low: 7.4, strength_high: 9.4 };
  const positions = { n: 9, unused: 0, change_points: [{ row: 7, of: "norm", before: 1, after: 2, strength: 9, strength_low: 7, strength_high: 11, unsure: true }] };
  expect(factsOf(made("positions", { ...positions, breaks: [{ ...place, unsure: false }, { ...place, unsure: true }] })).slice(1)).toEqual([
    ["break", "rows 4 to 5: cosine .5, usually .7; 8.4 times the usual spread (95 % interval 7.4 to 9.4)"],
    ["break, unsure", "rows 4 to 5: cosine .5, usually .7; 8.4 times the usual spread (95 % interval 7.4 to 9.4)"],
    ["change, unsure", "at row 7: norm 1 before, 2 from there on; 9 times the usual spread (95 % interval 7 to 11)"],
  ]);
  const hubs = { n: 9, k: 3, skewness: 0.5, skewness_low: 0.3, skewness_high: 0.8, chance_skewness: 0.3, orphans: 0 };
  expect(factsOf(made("hubness", hubs))[1]).toEqual(["skewness", ".5 (95 % interval .3 to .8); by chance .3"]);
  expect(factsOf(made("hubness", { ...hubs, marked: true }))[1]).toEqual(["skewness", ".5 (at 97.5 % confidence at least .3); by chance .3"]);
});

test("figures of an earlier version, which tell nothing of what is unsure, are shown as they were", () => {
  const old = { n: 9, unused: 0, breaks: [{ first: 4, last: 5, cosines: [0.5], usual: 0.7, strength: 20 }], change_points: [] };
  expect(factsOf(made("positions", old))[1]).toEqual(["break", "rows 4 to 5: cosine .5, usually .7"]);
  const hubs = { n: 9, k: 3, skewness: 0.5, chance_skewness: 0.3, orphans: 0 };
  expect(factsOf(made("hubness", hubs))[1]).toEqual(["skewness", ".5; by chance .3"]);
  expect(factsOf(made("group", { n: 9, words: null, permutations: 99, tests: 1, p_corrected: 0.03 })).at(-1)![1]).toBe(".03 (99 permutations, 1 groups)");
});

test("words are sorted by what they gain over the commonest sense", () => {
  const sorted = byGain([word("even", 0.6, 0.6), word("clear", 0.95, 0.5), word("easy", 1, 0.9)]);
  expect(sorted.map(title)).toEqual(["clear", "easy", "even"]);
  expect(best(figuresOf(sorted[0], "senses")!)).toBe(0.95);
});

test("a refusal has no figures, whatever it is of", () => {
  expect(figuresOf(refused, "group")).toBeNull();
  expect(figuresOf(group("months", 0.8), "senses")).toBeNull();
  expect(factsOf(refused)).toEqual([]);
  expect(tableOf(refused)).toBeNull();
});

test("a name that nobody knows has a title and nothing else", () => {
  const unknown = made("odd_new_thing", { x: 1 });
  expect(title(unknown)).toBe("odd new thing");
  expect(factsOf(unknown)).toEqual([]);
  expect(tableOf(unknown)).toBeNull();
});

test("the sides of a comparison are told apart, by layers where one atlas is both", () => {
  const side = (name: string, layer: number | null) => ({ name, layer, points: 1, dimensions: 2, layers: [] });
  expect(sidesOf({ a: side("a.atlas", 0), b: side("b.atlas", 0) })).toEqual(["a.atlas", "b.atlas"]);
  expect(sidesOf({ a: side("a.atlas", 0), b: side("a.atlas", 6) })).toEqual(["layer 0", "layer 6"]);
  expect(sidesOf({ a: side("a.atlas", null), b: side("a.atlas", null) })).toEqual(["first", "second"]);
});

test("a level is one number or one a layer", () => {
  expect(level(0.5, [0, 1])).toEqual([0.5, 0.5]);
  expect(level([0.1, null], [0, 1])).toEqual([0.1, null]);
});

test("tables leave out columns without any value and put a dash where one is missing", () => {
  const layers = { layers: [0, 1], neighbor_accuracy: [0.5, null], centroid_accuracy: [null, null] };
  const rest = { micro_f1: [], macro_f1: [], silhouette: [], ami: [], shuffled: { neighbor_accuracy: [0.4, 0.4] } };
  expect(tableOf(made("senses", { ...layers, ...rest }))).toEqual({
    head: ["layer", "nearest neighbour", "shuffled"],
    rows: [["0", ".5", ".4"], ["1", "–", ".4"]],
  });
});

test("every figure of senses stands beside its levels", () => {
  const figures = {
    layers: [0, 6],
    neighbor_accuracy: [0.5, 0.9],
    macro_f1: [0.4, 0.8],
    silhouette: [0.01, 0.2],
    ami: [0, 0.7],
    shuffled: { neighbor_accuracy: [0.3, 0.3], macro_f1: [0.31, 0.32], silhouette: [-0.02, -0.03], ami: [0, 0.001] },
    always_majority: { micro_f1: 0.35, macro_f1: 0.17, ami: 0 },
    majority: 0.35,
  };
  const table = tableOf(made("senses", { ...figures, centroid_accuracy: [null, null] }))!;
  const at = (name: string) => table.rows.map((row) => row[table.head.indexOf(name)]);
  expect(at("macro F1, shuffled")).toEqual([".31", ".32"]);
  expect(at("macro F1, always the commonest")).toEqual([".17", ".17"]);
  expect(at("silhouette, shuffled")).toEqual(["−.02", "−.03"]);
  expect(at("AMI, shuffled")).toEqual(["0", ".001"]);
  expect(at("always the commonest")).toEqual([".35", ".35"]);
});

test("neighbours of one name stand once, with their number", () => {
  expect(gathered(["a", "b", "a", "c", "b", "a"])).toBe("a 3, b 2, c");
  expect(gathered(["a", "b", "c"], 2)).toBe("a, b, …");
  expect(gathered([])).toBe("");
});
