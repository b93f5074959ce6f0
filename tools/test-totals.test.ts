import { describe, expect, test } from "vitest";
import { testTotals } from "./test-totals.mjs";

describe("the totals of a test run", () => {
  test.each([
    ["all passed", { numPassedTests: 5, numFailedTests: 0, success: true }, { passed: 5, failed: 0, ok: true }],
    ["one failed", { numPassedTests: 4, numFailedTests: 1, success: false }, { passed: 4, failed: 1, ok: false }],
    [
      "a file did not load",
      { numPassedTests: 4, numFailedTests: 0, success: false },
      { passed: 4, failed: 0, ok: false },
    ],
    ["none ran", { numPassedTests: 0, numFailedTests: 0, success: true }, { passed: 0, failed: 0, ok: false }],
  ])("%s", (_name, report, totals) => {
    expect(testTotals(JSON.stringify(report))).toEqual(totals);
  });

  test.each(["", '{"numPassedTests": 3'])("a report that a crash left (%j) is no success", (report) => {
    expect(testTotals(report)).toEqual({ passed: 0, failed: 0, ok: false });
  });
});
