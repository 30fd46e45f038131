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
