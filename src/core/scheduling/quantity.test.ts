import { expect, test } from "vitest";
import { parseMilli, wholeUnits } from "./quantity.ts";

test.each([
  ["250m", 250],
  ["1", 1000],
  ["0.5", 500],
  [".5", 500],
  ["1.", 1000],
  ["2e3", 2_000_000],
  ["1E", 1e21],
  ["1Ki", 1_024_000],
  ["1.5Gi", 1_610_612_736_000],
  ["100n", 1],
  ["-1", -1000],
  [3, 3000],
])("%s is %d thousandths", (quantity, milli) => {
  expect(parseMilli(quantity)).toBe(milli);
});

test.each(["", "m", "1.2.3", "1 Gi", "0x10", "1kk", "1e999"])("%j is no quantity", (quantity) => {
  expect(parseMilli(quantity)).toBeUndefined();
});

test("bytes are rounded up", () => {
  expect(wholeUnits(1)).toBe(1);
  expect(wholeUnits(2000)).toBe(2);
});
