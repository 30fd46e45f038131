import { expect, test } from "vitest";
import type { ProjectionInfo } from "../contract";
import { count, exact, figure, methodName, parameterText, percent, plain, qualityText } from "./words";

const umap: ProjectionInfo = {
  id: "umap-2d-123456",
  method: "umap",
  dims: 2,
  parameters: { neighbors: 30, spherize: true },
  seed: 7,
  quality: { k: 15, kept: 0.1415, trustworthiness: 0.8231 },
  details: {},
};

test("figures are said shortly and truly", () => {
  expect(count(30522, "point")).toBe("30,522 points");
  expect(count(1, "point")).toBe("1 point");
  expect(percent(0.364)).toBe("36 %");
  expect(percent(0.0043)).toBe("0.4 %");
  expect(percent(0.0996)).toBe("10 %");
  expect(figure(-0.25)).toBe("-.250");
  expect(figure(1)).toBe("1.000");
  expect(plain(2024)).toBe("2024");
  expect(exact(20240115)).toBe("20240115");
  expect(exact(0.1 + 0.2)).toBe("0.30000000000000004");
  expect(plain(0.123456)).toBe("0.1235");
});

test("a projection is said with what sets it apart", () => {
  expect(methodName(umap)).toBe("UMAP 2D");
  expect(parameterText(umap)).toBe("neighbors 30, spherize, seed 7");
  expect(qualityText(umap)).toContain("14 %");
  expect(qualityText({ ...umap, quality: null })).toContain("not measured");
});
