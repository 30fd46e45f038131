import { expect, test } from "vitest";
import { decodeView, encodeView, newPane, type View } from "./view";

const many = () => 1000;

function view(): View {
  const first = {
    ...newPane("senses", "context"),
    layer: 3,
    projection: "tsne-2d",
    color: "~kept",
    hidden: ["a, b", "ü&="],
    range: [-0.5, 12] as [number, number],
    only: Int32Array.of(1, 2, 3, 99),
    selected: Int32Array.of(7),
    camera: { center: [1.5, -2, 0] as [number, number, number], zoom: 4, yaw: 0.25, pitch: 0 },
    size: 1.5,
    density: true,
    regions: false,
    join: "#",
    k: 25,
    metric: "euclidean" as const,
    spherize: true,
  };
  const second = { ...newPane("senses", "word"), projection: "pca-3d", asked: "king - man + woman" };
  return { panes: [first, second], active: 1, linked: false, sentence: { text: "he sat on the bank", at: 14 }, findings: true };
}

test("a view is the same after it was an address", () => {
  expect(decodeView(encodeView(view()), many)).toEqual(view());
});

test("an empty address is the usual view", () => {
  expect(decodeView("", many)).toEqual({ panes: [newPane()], active: 0, linked: true, sentence: null, findings: false });
  expect(encodeView(decodeView("", many))).toBe("#");
});

test("nonsense in an address is as if it were not there", () => {
  const { panes } = decodeView("#s=word&l=-1&cam=1_2&size=900&k=0&m=manhattan&range=a_b&sel=%F0&hide=[1", many);
  expect(panes[0]).toEqual(newPane("", "word"));
});

test("isolating nothing is not showing all", () => {
  const only = { ...view(), panes: [{ ...newPane("a", "b"), only: new Int32Array(0) }], active: 0 };
  expect(decodeView(encodeView(only), many).panes[0].only).toEqual(new Int32Array(0));
});

test("an address names only points that there are", () => {
  const { panes } = decodeView("#s=position&sel=0-zzzzz&only=pa", () => 512);
  expect(panes[0].selected.length).toBe(512);
  expect(panes[0].only!.length).toBe(0);
});
