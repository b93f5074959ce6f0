import fc from "fast-check";
import { expect, test } from "vitest";
import { policySpec } from "../../../test/view/service-view.ts";
import { CHECKS_PER_POD, scheduleChecks } from "./check-schedule.ts";

test.each([
  { profile: "standard", judges: 2, interval: 250, timeout: 1_000 },
  { profile: "fast", judges: 1, interval: 100, timeout: 100 },
  { profile: "fast", judges: 2, interval: 125, timeout: 100 },
  { profile: "fast", judges: 3, interval: 215, timeout: 100 },
  { profile: "fast", judges: 10, interval: 1_000, timeout: 100 },
])("$profile with $judges gateways asks every $interval ms", ({ profile, judges, interval, timeout }) => {
  expect(scheduleChecks(policySpec({ profile }), judges)).toMatchObject({ intervalMs: interval, timeoutMs: timeout });
});

test("the policy's own interval and time-out count", () => {
  const policy = policySpec({ healthCheck: { http: { path: "/" }, interval: "2s", timeout: "300ms" } });
  expect(scheduleChecks(policy, 2)).toEqual({ intervalMs: 2_000, answerIntervalMs: 2_000, timeoutMs: 300 });
});

test("a pod never gets more than its share of checks, and none comes sooner than was asked", () => {
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 60_000 }), fc.integer({ min: 1, max: 32 }), (interval, judges) => {
      const schedule = scheduleChecks(
        policySpec({ healthCheck: { http: { path: "/" }, interval: `${interval}ms` } }),
        judges,
      );
      const perSecond = judges * (1_000 / schedule.intervalMs + 1_000 / schedule.answerIntervalMs);
      expect(perSecond).toBeLessThanOrEqual(CHECKS_PER_POD + 1e-9);
      expect(schedule.intervalMs).toBeGreaterThanOrEqual(interval);
    }),
  );
});
