/**
 * Sums the tests in a report of vitest's json reporter, for the last line of `.ci/run`.
 *
 * Usage: `node tools/test-totals.mjs REPORT` prints `N passed, N failed`. Exit code 1 when a test failed, when none
 * ran, or when the report is missing or unreadable, as after a crash.
 * @module
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * Reads the totals of a report.
 * @param {string} report content of the report; empty or cut off when vitest crashed
 * @returns {{ passed: number, failed: number, ok: boolean }} `ok` only when tests ran and every test and file succeeded
 */
export function testTotals(report) {
  try {
    const { numPassedTests, numFailedTests, success } = JSON.parse(report);
    const passed = Number(numPassedTests);
    const failed = Number(numFailedTests);
    return { passed, failed, ok: success === true && passed > 0 && failed === 0 };
  } catch {
    return { passed: 0, failed: 0, ok: false };
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { passed, failed, ok } = testTotals(readReport(process.argv[2] ?? ""));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = ok ? 0 : 1;
}

/** @param {string} path */
function readReport(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
