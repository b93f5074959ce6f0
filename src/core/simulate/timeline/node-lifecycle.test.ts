import { describe, expect, test } from "vitest";
import { eventOf, lose, oneZone, owned, webService } from "../../../../test/scheduler/lost-cluster.ts";
import type { Manifest } from "../../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod } from "../../../../test/scheduler/small-cluster.ts";
import { taintRateOf, zoneKeyOf, zoneStateOf } from "./zone-state.ts";

const S = 1000;
const ONE_SEED = { seeds: [1] };

function firstNodes(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `a${String(index).padStart(4, "0")}`);
}

test.each([
  [{ ready: 10, notReady: 0 }, "normal"],
  [{ ready: 0, notReady: 1 }, "full"],
  // More than two, and at least 55 %.
  [{ ready: 1, notReady: 2 }, "normal"],
  [{ ready: 2, notReady: 3 }, "partial"],
  [{ ready: 9, notReady: 11 }, "partial"],
  [{ ready: 46, notReady: 54 }, "normal"],
  [{ ready: 45, notReady: 55 }, "partial"],
] as const)("zone state of %o is %s", (nodes, state) => {
  expect(zoneStateOf(nodes)).toBe(state);
});

test("a zone that is partially disrupted is tainted at 0.01/s, one of at most 50 nodes not at all", () => {
  expect([taintRateOf("normal", 10), taintRateOf("full", 10)]).toEqual([0.1, 0.1]);
  expect([taintRateOf("partial", 50), taintRateOf("partial", 51)]).toEqual([0, 0.01]);
});

test("a zone is its region and zone labels together; nodes without are one zone", () => {
  const zone = "topology.kubernetes.io/zone";
  const region = "topology.kubernetes.io/region";
  expect(zoneKeyOf({ [zone]: "1", [region]: "eu" })).not.toBe(zoneKeyOf({ [zone]: "1", [region]: "us" }));
  expect(zoneKeyOf({ [zone]: "1" })).not.toBe(zoneKeyOf({ [region]: "1" }));
  expect(zoneKeyOf({})).toBe(zoneKeyOf({ rack: "7" }));
  expect(zoneKeyOf({ "failure-domain.beta.kubernetes.io/zone": "1" })).toBe(zoneKeyOf({ [zone]: "1" }));
});

describe("zone states", () => {
  test("6 of 10 nodes: tainting stops, and pods on the one that was tainted before still go", () => {
    const impact = lose([webService, ...oneZone(10, 4)], firstNodes(6), ONE_SEED);
    expect(eventOf(impact, "evictions of zone stopped")).toMatchObject({ examples: ["a"] });
    const tainted = eventOf(impact, "NoExecute taint");
    expect(tainted?.count).toBe(1);
    expect(eventOf(impact, "pod evicted")).toMatchObject({ count: 4, firstMs: (tainted?.firstMs ?? 0) + 300 * S });
    expect(impact.services).toMatchObject([{ before: 40, atWorst: { least: 16 }, after: { most: 20 } }]);
  });

  test("5 of 10 nodes: they are tainted one every 10 s", () => {
    const impact = lose([webService, ...oneZone(10)], firstNodes(5), ONE_SEED);
    expect(eventOf(impact, "NoExecute taint")).toMatchObject({ count: 5, firstMs: 55 * S, lastMs: 95 * S });
    expect(eventOf(impact, "evictions of zone stopped")).toBeUndefined();
    expect(impact.services).toMatchObject([{ after: { least: 10 } }]);
  });

  test("60 of 100 nodes: they are tainted one every 100 s", () => {
    const impact = lose([webService, ...oneZone(100)], firstNodes(60), ONE_SEED);
    expect(eventOf(impact, "evictions of zone slowed")).toMatchObject({ count: 1 });
    const tainted = eventOf(impact, "NoExecute taint");
    expect(tainted?.count).toBeGreaterThanOrEqual(9);
    expect(tainted?.count).toBeLessThanOrEqual(11);
  });

  test("10 of 10 nodes and no other zone: evictions stop, and the taint is taken back", () => {
    const impact = lose([webService, ...oneZone(10, 4)], ["zone=a"], ONE_SEED);
    expect(eventOf(impact, "evictions of all zones stopped")).toBeDefined();
    expect(eventOf(impact, "NoExecute taint")).toMatchObject({ count: 1 });
    expect(eventOf(impact, "NoExecute taint removed")).toMatchObject({ count: 1 });
    expect(eventOf(impact, "pod evicted")).toBeUndefined();
  });

  test("10 of 10 nodes while another zone has a ready one: they are tainted at the usual rate", () => {
    const impact = lose([webService, ...oneZone(10, 4), aNode("b0", "b")], ["zone=a"], ONE_SEED);
    expect(eventOf(impact, "NoExecute taint")).toMatchObject({ count: 10, lastMs: 145 * S });
    expect(eventOf(impact, "pod evicted")).toMatchObject({ count: 40 });
    expect(impact.services).toMatchObject([{ after: { least: 40 } }]);
  });

  test("10 of 10 nodes while another zone has nodes, none of them ready: evictions stop", () => {
    const notReady = { ...aNode("b0", "b"), status: { conditions: [{ type: "Ready", status: "False" }] } };
    const impact = lose([webService, ...oneZone(10), notReady], ["zone=a"], ONE_SEED);
    expect(eventOf(impact, "pod evicted")).toBeUndefined();
  });

  test("evictions go on when a ready node comes", () => {
    const notReady = { ...aNode("b0", "b"), status: { conditions: [{ type: "Ready", status: "False" }] } };
    const added = [{ pool: "b0", count: 1, atMs: 200 * S }];
    const impact = lose([webService, ...oneZone(10), notReady], ["zone=a"], { ...ONE_SEED, added });
    expect(eventOf(impact, "NoExecute taint removed")).toMatchObject({ count: 1 });
    // The one that was taken back, and then all ten.
    const tainted = eventOf(impact, "NoExecute taint");
    expect(tainted?.count).toBe(11);
    expect(tainted?.lastMs).toBeGreaterThanOrEqual(290 * S);
    expect(eventOf(impact, "pod evicted")?.firstMs).toBeGreaterThanOrEqual(500 * S);
  });

  test("nodes without labels of a zone are one", () => {
    const bare = (name: string): Manifest => ({ ...aNode(name, "-"), metadata: { name, labels: {} } });
    const nodes = firstNodes(10).map(bare);
    const pods = firstNodes(10).map((name) => aPod(`web-${name}`, name, {}, owned("ReplicaSet")));
    const impact = lose([webService, ...nodes, ...pods], firstNodes(6), ONE_SEED);
    expect(eventOf(impact, "evictions of zone stopped")).toMatchObject({ examples: ["nodes without a zone"] });
  });

  test("two zones lose a node each: both are tainted at once", () => {
    const impact = lose(
      ["a0", "a1", "b0", "b1"].map((name) => aNode(name, name.slice(0, 1))),
      ["a0", "b0"],
      ONE_SEED,
    );
    expect(eventOf(impact, "NoExecute taint")).toMatchObject({ count: 2, firstMs: 55 * S, lastMs: 55 * S });
  });
});

describe("limits of the client", () => {
  test("each pod that leaves the endpoints is a write of 20 a second, after 30 at once", () => {
    const impact = lose([webService, ...oneZone(20, 100), aNode("b0", "b")], ["zone=a"], ONE_SEED);
    // 20 nodes, 2,000 pods, and two requests for each of the taints of both kinds that come meanwhile.
    const requests = 20 + 2000 + 2 * 20 + 2 * 10;
    const lastMs = eventOf(impact, "pod out of the endpoints")?.lastMs ?? 0;
    expect(lastMs).toBeGreaterThan(55 * S + ((20 + 2000 - 30) / 20) * S);
    expect(lastMs).toBeLessThan(55 * S + (requests / 20) * S);
  });

  test("16,700 pods take 14 minutes to leave the endpoints, and the writes for their 1,670 nodes 4 more", () => {
    const impact = lose([webService, ...oneZone(1670, 10), aNode("b0", "b")], ["zone=a"], {
      seeds: [1],
      untilMs: 1_200_000,
    });
    const { lastMs = 0, count } = eventOf(impact, "pod out of the endpoints") ?? {};
    expect(lastMs).toBeGreaterThan((16_700 / 20) * S + 55 * S);
    expect(lastMs).toBeLessThan(((16_700 + 3 * 1670 + 2 * 120) / 20) * S + 55 * S);
    expect(count).toBeGreaterThan(16_000);
  });

  test("a zone of 1,667 nodes takes 4.6 hours to be tainted", () => {
    const impact = lose([...oneZone(1667, 0), aNode("b0", "b")], ["zone=a"], { seeds: [1], untilMs: 5 * 3_600 * S });
    // No limit but that of the client: a write for the node, and two for the taint.
    expect(eventOf(impact, "NoSchedule taint")?.lastMs).toBeLessThan(55 * S + ((3 * 1667 + 100) / 20) * S);
    const { count, lastMs = 0 } = eventOf(impact, "NoExecute taint") ?? {};
    expect(count).toBe(1667);
    expect(lastMs / 3_600_000).toBeCloseTo(4.64, 1);
  });

  test("the scheduler binds 100 pods at once, then 50 a second", () => {
    const waiting = Array.from({ length: 300 }, (_, index) => aPod(`web-${index}`, undefined, {}, owned("ReplicaSet")));
    const nodes = ["b0", "b1", "b2"].map((name) => aNode(name, "b"));
    const impact = lose([webService, ...nodes, ...waiting], [], ONE_SEED);
    expect(eventOf(impact, "replacement ready")).toMatchObject({ firstMs: 30 * S, lastMs: 34 * S, count: 300 });
  });

  test("within 15 minutes no more than 85 nodes of a zone are tainted", () => {
    const impact = lose([...oneZone(200), aNode("b0", "b")], ["zone=a"], ONE_SEED);
    expect(eventOf(impact, "NoExecute taint")?.count).toBe(85);
  });
});
