import { expect, test } from "vitest";
import { certaintyWords, clockRange, clockWords } from "./certainty-words.ts";

test.each([
  [0, "0s"],
  [59_600, "1m"],
  [75_000, "1m15s"],
  [3_600_000, "1h"],
  [5_430_000, "1h30m30s"],
])("%i ms are %s", (ms, text) => {
  expect(clockWords(ms)).toBe(text);
});

test("a range that reads the same twice is read once", () => {
  expect(clockRange({ least: 55_000, most: 55_050 })).toBe("55s");
  expect(clockRange({ least: 55_000, most: 75_000 })).toBe("55s to 1m15s");
});

test("what is possible names a seed that shows it", () => {
  expect(certaintyWords({ kind: "possible", count: 3, seeds: 16, seed: 5 })).toBe(
    "possible (3/16 seeds, --seed 5 shows it)",
  );
});
