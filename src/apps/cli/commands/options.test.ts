import { expect, test } from "vitest";
import { countArgument, durationArgument, refuseProblems } from "./options.ts";

test("a duration is read as milliseconds", () => expect(durationArgument("1m30s")).toBe(90_000));

test.each(["5d", "10", "ten", ""])("of %s, which is no duration, the units are said", (text) => {
  expect(() => durationArgument(text)).toThrow("ms, s, m and h");
});

test("no time at all is not a duration to wait for", () => {
  expect(() => durationArgument("0s")).toThrow("longer than 0s");
});

test.each(["64", "1024"])("%s is in the range from 64 to 1024", (text) => {
  expect(countArgument(64, 1_024)(text)).toBe(Number(text));
});

test.each(["63", "1025", "99999999999", "1e2", "1.5", "x", ""])("%s is not in it, and the range is said", (text) => {
  expect(() => countArgument(64, 1_024)(text)).toThrow("from 64 to 1024");
});

test("all problems are said at once", () => {
  expect(() => refuseProblems([])).not.toThrow();
  expect(() => refuseProblems(["--a is wrong", "--b too"])).toThrow("--a is wrong\n  --b too");
});
