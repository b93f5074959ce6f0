import { expect, test } from "vitest";
import { checkLabOptions, checkLoad, checkShare } from "./check-options.ts";
import { LAB_DEFAULTS } from "./layout.ts";

const options = { ...LAB_DEFAULTS, directory: "/tmp/lab" };

test.each(["127.0", "127.20", "127.255"])("%s is a prefix of loopback addresses", (prefix) => {
  expect(checkLabOptions({ ...options, prefix })).toEqual([]);
});

test.each(["300.1", "10.1", "127.256", "127.1.2", "127", "127.01", ""])("%s is no prefix of a lab", (prefix) => {
  expect(checkLabOptions({ ...options, prefix })).toEqual([
    `--prefix "${prefix}" is not the beginning of a loopback address; write 127.0 to 127.255, for example 127.20`,
  ]);
});

test("everything that is wrong with a lab's options is said at once, by the names of the options", () => {
  const problems = checkLabOptions({ ...options, prefix: "10.1", holdDown: "banana", perTryTimeout: "0s" });
  expect(problems.map((problem) => problem.split(" ").slice(0, 5).join(" "))).toEqual([
    '--prefix "10.1" is not the',
    '--per-try-timeout "0s" is not a',
    '--hold-down "banana" is not a',
  ]);
});

test.each([
  ["500", "10s", []],
  ["500", "0s", ["--duration must be longer than 0s"]],
  ["99999999999", "10s", ['--rate must be a whole number from 1 to 100000, not "99999999999"']],
  [
    "x",
    "-1",
    [
      '--rate must be a whole number from 1 to 100000, not "x"',
      '--duration must be a duration such as 250ms, 2s or 1m, not "-1"',
    ],
  ],
])("load at a rate of %s for %s", (rate, duration, problems) => {
  expect(checkLoad({ rate, duration })).toEqual(problems);
});

test.each(["0.3", "1"])("a share of %s can fail", (share) => expect(checkShare(share)).toEqual([]));

test.each(["x", "7", "0", "-0.1", "", "NaN"])("a share of %s cannot", (share) => {
  expect(checkShare(share)).toEqual([`--share must be more than 0 and at most 1, not "${share}"`]);
});
