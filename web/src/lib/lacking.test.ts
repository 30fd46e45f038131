import { expect, test } from "vitest";
import { lacking } from "./lacking";

const spaces = [
  { name: "word", layers: [] },
  { name: "context", layers: [0, 6] },
];

test("a space or a layer that is not there is named", () => {
  expect(lacking(spaces, "position", null)).toBe("space position");
  expect(lacking(spaces, "position", 3)).toBe("space position");
  expect(lacking(spaces, "context", 3)).toBe("layer 3");
});

test("what is there, and any layer, lacks nothing", () => {
  expect(lacking(spaces, "context", 6)).toBeNull();
  expect(lacking(spaces, "context", 0)).toBeNull();
  expect(lacking(spaces, "context", null)).toBeNull();
  expect(lacking(spaces, "word", 3)).toBeNull();
});
