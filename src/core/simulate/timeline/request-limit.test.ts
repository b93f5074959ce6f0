import { expect, test } from "vitest";
import { CONTROLLER_LIMIT, RequestLimit, SCHEDULER_LIMIT } from "./request-limit.ts";

test("30 requests go out at once, then 20 a second, first come, first served", () => {
  const limit = new RequestLimit(CONTROLLER_LIMIT);
  const moments = Array.from({ length: 50 }, () => limit.take(0));
  expect(moments.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 0));
  expect(moments.slice(30)).toEqual(Array.from({ length: 20 }, (_, index) => (index + 1) * 50));
});

test("what is not used is saved up to the burst", () => {
  const limit = new RequestLimit(SCHEDULER_LIMIT);
  expect(limit.take(0, 100)).toBe(0);
  expect(limit.take(1_000, 50)).toBe(1_000);
  expect(limit.take(60_000, 100)).toBe(60_000);
  expect(limit.take(60_000, 1)).toBe(60_020);
});
