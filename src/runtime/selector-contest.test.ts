import { expect, test } from "vitest";
import { SelectorContests } from "./selector-contest.ts";

const KEY = "shop/web";

/** Somebody sets the selector at these times, each time after it was held again. */
function revertedAt(...times: readonly number[]): SelectorContests {
  const contests = new SelectorContests();
  for (const now of times) {
    contests.see(KEY, { isHeld: true, shouldBe: true, by: "gitops", now });
    contests.see(KEY, { isHeld: false, shouldBe: true, by: "gitops", now });
  }
  return contests;
}

test("a Service that was never held, or is given back here, is contested by nobody", () => {
  const contests = new SelectorContests();
  contests.see(KEY, { isHeld: false, shouldBe: true, by: undefined, now: 0 });
  contests.see(KEY, { isHeld: true, shouldBe: true, by: undefined, now: 1 });
  contests.see(KEY, { isHeld: false, shouldBe: false, by: undefined, now: 2 });
  expect(contests.of(KEY, 3)).toBeUndefined();
});

test.each([
  [[1_000], 1_000],
  [[1_000, 2_000], 2_000],
  [[1_000, 2_000, 3_000], 33_000],
  [[1_000, 2_000, 3_000, 40_000], 100_000],
])("set at %j it is held again at %d", (times, holdAgainAt) => {
  expect(revertedAt(...times).of(KEY, times.at(-1) ?? 0)?.holdAgainAt).toBe(holdAgainAt);
});

test("ten minutes later it is forgotten", () => {
  const contests = revertedAt(1_000, 2_000, 3_000);
  expect(contests.of(KEY, 602_000)?.by).toBe("gitops");
  expect(contests.of(KEY, 603_000)).toBeUndefined();
});

test("it is one revert, however often it is seen", () => {
  const contests = revertedAt(1_000);
  for (const now of [1_100, 1_200, 1_300]) contests.see(KEY, { isHeld: false, shouldBe: true, by: "gitops", now });
  expect(contests.of(KEY, 2_000)?.holdAgainAt).toBe(1_000);
});
