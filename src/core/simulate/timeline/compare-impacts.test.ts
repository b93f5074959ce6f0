import { expect, test } from "vitest";
import { type ComparableImpact, compareImpacts } from "./compare-impacts.ts";

function impact(none: number, below: number, kind: string, pending = 0): ComparableImpact {
  return {
    services: [
      { service: "shop/web", endsBelowNeeds: { kind }, belowNeedsMs: { most: below }, noneMs: { most: none } },
    ],
    pending: Array.from({ length: pending }, () => ({ workload: "ReplicaSet shop/web" })),
  };
}

test("more time, more certainty and more pods that wait are worse, less of them better", () => {
  expect(compareImpacts(impact(0, 5_000, "possible"), impact(2_000, 5_000, "always", 1))).toEqual({
    worse: [
      { subject: "shop/web", what: "seconds with none", before: 0, now: 2 },
      { subject: "shop/web", what: "ends below need", before: "possible", now: "always" },
      { subject: "ReplicaSet shop/web", what: "pods without a place", before: 0, now: 1 },
    ],
    better: [],
  });
  expect(compareImpacts(impact(0, 5_000, "never"), impact(0, 1_000, "impossible"))).toEqual({
    worse: [],
    better: [{ subject: "shop/web", what: "seconds below need", before: 5, now: 1 }],
  });
});

test("a Service that is in one of them only was not hit in the other", () => {
  const nothing = { services: [], pending: [] };
  expect(compareImpacts(nothing, impact(1_000, 1_000, "never")).worse).toHaveLength(2);
  expect(compareImpacts(impact(1_000, 1_000, "never"), nothing).better).toHaveLength(2);
  expect(compareImpacts(nothing, nothing)).toEqual({ worse: [], better: [] });
});
