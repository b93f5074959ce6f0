import { expect, test } from "vitest";
import { nearestWord } from "./suggestion.ts";

test.each([
  ["shop", "shop"],
  ["Shop", "shop"],
  ["shopp", "shop"],
  ["sho", "shop"],
  ["shpo", "shop"],
  ["hsop", "shop"],
  ["payments", "payment"],
])("who writes %s may mean %s", (word, meant) => {
  expect(nearestWord(word, ["default", "payment", "shop"])).toBe(meant);
});

test.each(["posh", "web", ""])("%j is near to nothing that is known", (word) => {
  expect(nearestWord(word, ["default", "payment", "shop"])).toBeUndefined();
});
