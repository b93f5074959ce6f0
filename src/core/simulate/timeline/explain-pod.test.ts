import { expect, test } from "vitest";
import { owned, threeZones } from "../../../../test/scheduler/lost-cluster.ts";
import { aPod } from "../../../../test/scheduler/small-cluster.ts";
import { readSnapshot } from "../../../model/snapshot/read-snapshot.ts";
import { explainPod } from "./explain-pod.ts";
import { TIMELINE_DEFAULTS, type TimelineScenario } from "./timeline-scenario.ts";

const scenario: TimelineScenario = {
  ...TIMELINE_DEFAULTS,
  nodes: new Set(["c0", "c1", "c2"]),
  form: "unreachable",
  seeds: [1, 2, 3, 4, 5, 6, 7, 8],
  added: [],
};

test("a survivor stays, a replacement comes to one node or another, by chance", () => {
  const { snapshot } = readSnapshot(threeZones());
  expect(explainPod(snapshot, scenario, "shop/web-a0")).toMatchObject({
    node: "a0",
    placed: [{ node: "a0", isReady: true, certainty: { kind: "always", seeds: 8 } }],
  });
  const lost = explainPod(snapshot, scenario, "web-c0");
  const places = "pod" in lost ? lost.placed : [];
  expect(places.length).toBeGreaterThan(1);
  for (const { node, certainty } of places) {
    expect(node).toMatch(/^[ab]/);
    expect(certainty.kind).toBe("possible");
  }
});

test("one without a place waits, with every reason; one that nobody makes anew is gone", () => {
  const pinned = { nodeSelector: { "topology.kubernetes.io/zone": "c" } };
  const { snapshot } = readSnapshot([...threeZones(pinned), aPod("lone", "c0")]);
  expect(explainPod(snapshot, scenario, "web-c0")).toMatchObject({
    placed: [],
    waits: {
      certainty: { kind: "always", seeds: 8 },
      reasons: [{ reason: "node(s) didn't match Pod's node affinity/selector", nodes: 6 }, { nodes: 3 }],
    },
  });
  expect(explainPod(snapshot, scenario, "lone")).toMatchObject({ placed: [], gone: { kind: "always" } });
});

test("a name that is none, or that of several, is answered with those that could be meant", () => {
  const other = aPod("web-a0", "a0", {}, { namespace: "other", ...owned("ReplicaSet") });
  const { snapshot } = readSnapshot([...threeZones(), other]);
  expect(explainPod(snapshot, scenario, "web-a0")).toEqual(["other/web-a0", "shop/web-a0"]);
  expect(explainPod(snapshot, scenario, "nowhere")).toHaveLength(10);
});
