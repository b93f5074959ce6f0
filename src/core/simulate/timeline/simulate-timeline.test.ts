import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateCase } from "../../../../test/scheduler/generate/generate-case.ts";
import {
  eventOf,
  lose,
  owned,
  threeZones,
  webService,
  webServiceNeeding,
} from "../../../../test/scheduler/lost-cluster.ts";
import { aNode, aPod } from "../../../../test/scheduler/small-cluster.ts";

const ZONE = "topology.kubernetes.io/zone";
const S = 1000;

function spread(more: object = {}): object {
  const constraint = { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: "DoNotSchedule", ...more };
  return { topologySpreadConstraints: [{ ...constraint, labelSelector: { matchLabels: { app: "web" } } }] };
}

describe("a zone of three is lost, with hard spread over zones", () => {
  test("pods leave the endpoints after 55 s, are evicted 300 s after a taint every 10 s, and their replacements wait", () => {
    const impact = lose(threeZones(spread()), ["zone=c"]);
    expect(eventOf(impact, "node not ready")).toMatchObject({ firstMs: 55 * S, lastMs: 55 * S, count: 3 });
    expect(eventOf(impact, "pod out of the endpoints")).toMatchObject({ firstMs: 55 * S, lastMs: 55 * S, count: 3 });
    expect(eventOf(impact, "NoSchedule taint")).toMatchObject({ firstMs: 55 * S, lastMs: 55 * S, count: 3 });
    expect(eventOf(impact, "NoExecute taint")).toMatchObject({ firstMs: 55 * S, lastMs: 75 * S, count: 3 });
    expect(eventOf(impact, "pod evicted")).toMatchObject({ firstMs: 355 * S, lastMs: 375 * S, count: 3 });
    expect(impact.services).toMatchObject([
      {
        before: 9,
        atWorst: { least: 6 },
        after: { least: 6, most: 6 },
        staleUntilMs: { most: 55 * S },
        loadAtWorst: 1.5,
      },
    ]);
    expect(impact.services[0]?.allAgainMs).toBeUndefined();
    expect(impact.pending).toHaveLength(3);
    expect(impact.pending[0]).toMatchObject({
      workload: "ReplicaSet shop/web",
      certainty: { kind: "always", seeds: 4 },
      reasons: [
        { reason: "node(s) didn't match pod topology spread constraints", nodes: 6 },
        { reason: "node(s) had untolerated taint(s)", nodes: 3, examples: ["c0", "c1", "c2"] },
      ],
    });
  });

  test("nodeTaintsPolicy Honor: replacements run 30 s after each eviction", () => {
    const impact = lose(threeZones(spread({ nodeTaintsPolicy: "Honor" })), ["zone=c"]);
    expect(eventOf(impact, "replacement ready")).toMatchObject({ firstMs: 385 * S, lastMs: 405 * S, count: 3 });
    expect(impact).toMatchObject({ pending: [], services: [{ after: { least: 9 }, allAgainMs: { least: 405 * S } }] });
  });

  test("nodeTaintsPolicy Honor with minDomains 3: replacements wait", () => {
    const impact = lose(threeZones(spread({ nodeTaintsPolicy: "Honor", minDomains: 3 })), ["zone=c"]);
    expect(impact).toMatchObject({ services: [{ after: { most: 6 } }] });
    expect(impact.pending).toHaveLength(3);
  });

  test("Node objects are deleted: pods are collected after 60 s, and their replacements find a place", () => {
    const impact = lose(threeZones(spread()), ["zone=c"], { form: "deleted" });
    expect(eventOf(impact, "pod collected")).toMatchObject({ firstMs: 60 * S, lastMs: 60 * S, count: 3 });
    expect(impact).toMatchObject({
      pending: [],
      services: [{ staleUntilMs: { most: 60 * S }, allAgainMs: { most: 90 * S } }],
    });
  });
});

describe("what a Service comes to", () => {
  test("time below need and with none is counted, and when it has enough again", () => {
    const objects = [webServiceNeeding(2), aNode("a0", "a"), aNode("b0", "b"), aNode("b1", "b")];
    const pods = [aPod("web-0", "a0", {}, owned("ReplicaSet")), aPod("web-1", "a0", {}, owned("ReplicaSet"))];
    const [web] = lose([...objects, ...pods], ["a0"]).services;
    expect(web).toMatchObject({
      before: 2,
      atWorst: { least: 0, most: 0 },
      noneMs: { least: 385 * S, most: 385 * S },
      belowNeedsMs: { least: 385 * S },
      enoughAgainMs: { least: 385 * S },
      // Whatever is replaced, and where: that takes time.
      dropsBelowNeeds: { kind: "proved" },
      endsBelowNeeds: { kind: "never", seeds: 4 },
    });
    expect(web?.loadAtWorst).toBeUndefined();
  });

  test("start-up is what the workload's pods took, the median, else what is assumed", () => {
    const started = (name: string, node: string, readyAt: string) => {
      const pod = aPod(name, node, {}, owned("ReplicaSet"));
      const conditions = [
        { type: "PodScheduled", status: "True", lastTransitionTime: "2026-11-01T10:00:00Z" },
        { type: "Ready", status: "True", lastTransitionTime: `2026-11-01T10:${readyAt}Z` },
      ];
      return { ...pod, status: { phase: "Running", conditions } };
    };
    const nodes = [webService, aNode("a0", "a"), aNode("b0", "b")];
    const pods = [started("web-0", "a0", "00:07"), started("web-1", "b0", "00:12"), started("web-2", "b0", "59:00")];
    const impact = lose([...nodes, ...pods], ["a0"]);
    expect(impact.startUps).toEqual([{ workload: "ReplicaSet shop/web", ms: 12 * S, because: "observed", pods: 3 }]);
    expect(impact.services[0]?.allAgainMs).toEqual({ least: 367 * S, most: 367 * S });
    const assumed = lose([...nodes, aPod("web-0", "a0", {}, owned("ReplicaSet"))], ["a0"], { startUpMs: 5 * S });
    expect(assumed.startUps).toMatchObject([{ ms: 5 * S, because: "assumed" }]);
    expect(assumed.services[0]?.allAgainMs?.most).toBe(360 * S);
  });

  test("pods that wait without the loss are not its fault", () => {
    const huge = { containers: [{ name: "main", resources: { requests: { cpu: "64" } } }] };
    const waiting = aPod("web-9", undefined, huge, owned("ReplicaSet"));
    const impact = lose([...threeZones(), waiting], ["zone=c"]);
    expect(impact).toMatchObject({ pending: [], services: [{ after: { least: 9 } }] });
  });

  test("the end of the simulation is the end of what is said", () => {
    const impact = lose(threeZones(), ["zone=c"], { untilMs: 360 * S });
    expect(eventOf(impact, "pod evicted")).toMatchObject({ count: 1 });
    expect(impact.services).toMatchObject([{ after: { most: 6 } }]);
  });
});

describe("certainty", () => {
  test("no node could ever take the replacement: that it ends below its need is proved", () => {
    const pinned = { nodeSelector: { [ZONE]: "c" } };
    const objects = [webServiceNeeding(9), ...threeZones(pinned).slice(1)];
    expect(lose(objects, ["zone=c"]).services).toMatchObject([
      { dropsBelowNeeds: { kind: "proved" }, endsBelowNeeds: { kind: "proved" } },
    ]);
  });

  test("a place that could be had in another state proves nothing", () => {
    const objects = [webServiceNeeding(9), ...threeZones(spread()).slice(1)];
    expect(lose(objects, ["zone=c"]).services).toMatchObject([{ endsBelowNeeds: { kind: "always", seeds: 4 } }]);
  });

  test("enough survivors that nobody may preempt: that it drops below its need is impossible", () => {
    expect(lose([webServiceNeeding(6), ...threeZones().slice(1)], ["zone=c"]).services).toMatchObject([
      { dropsBelowNeeds: { kind: "impossible" } },
    ]);
    const important = aPod(
      "other",
      "c0",
      { priority: 10 },
      { labels: { app: "other" }, ...owned("ReplicaSet", "other") },
    );
    expect(lose([webServiceNeeding(6), ...threeZones().slice(1), important], ["zone=c"]).services).toMatchObject([
      { dropsBelowNeeds: { kind: "never", seeds: 4 } },
    ]);
  });

  test("what chance decides is possible, with a seed that shows it again", () => {
    // Two pods are lost, one place is left: which of the two Services gets it depends on the order.
    const big = (app: string) => [
      { ...webService, metadata: { name: app, namespace: "shop" }, spec: { selector: { app } } },
      aPod(
        app,
        "a0",
        { containers: [{ name: "main", resources: { requests: { cpu: "2" } } }] },
        {
          labels: { app },
          ...owned("ReplicaSet", app),
        },
      ),
    ];
    const objects = [
      aNode("a0", "a"),
      aNode("b0", "b", { allocatable: { cpu: "2" } }),
      ...big("one"),
      ...big("two"),
    ].flat();
    const seeds = Array.from({ length: 32 }, (_, index) => index + 1);
    const impact = lose(objects, ["a0"], { seeds, form: "deleted" });
    const [certainty] = impact.services.map(({ endsBelowNeeds }) => endsBelowNeeds);
    expect(certainty).toMatchObject({ kind: "possible", seeds: 32 });
    const seed = certainty?.kind === "possible" ? certainty.seed : 0;
    const again = lose(objects, ["a0"], { seeds: [seed], form: "deleted" });
    expect(again.services.find(({ service }) => service === impact.services[0]?.service)).toMatchObject({
      endsBelowNeeds: { kind: "always" },
    });
  });
});

describe("of any cluster", () => {
  const anyCluster = fc
    .integer({ min: 1, max: 100_000 })
    .map((seed) => [webService, ...generateCase(seed, "probe").objects]);
  const small = { seeds: [1], untilMs: 600 * S };

  test("nothing lost is nothing hit", () => {
    fc.assert(
      fc.property(anyCluster, (objects) => {
        const { services, pending, events } = lose(objects, ["node=nowhere"], small);
        expect({ services, pending }).toEqual({ services: [], pending: [] });
        expect(events.filter(({ kind }) => /evicted|collected|taint|not ready/.test(kind))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("the order of objects does not matter", () => {
    fc.assert(
      fc.property(anyCluster, (objects) => {
        const [node] = objects.filter(({ kind }) => kind === "Node").map(({ metadata }) => metadata.name);
        expect(lose(objects.toReversed(), [`node=${node}`], small)).toEqual(lose(objects, [`node=${node}`], small));
      }),
      { numRuns: 40 },
    );
  });

  test("a larger loss never leaves more survivors before replacements", () => {
    fc.assert(
      fc.property(anyCluster, (objects) => {
        const nodes = objects.filter(({ kind }) => kind === "Node").map(({ metadata }) => `node=${metadata.name}`);
        const survivors = (lost: readonly string[]) => {
          const { services } = lose(objects, lost, { ...small, untilMs: 0 });
          return new Map(services.map((one) => [one.service, one.atWorst.least]));
        };
        const [little, much] = [survivors(nodes.slice(0, 1)), survivors(nodes.slice(0, 2))];
        for (const [name, count] of little) expect(much.get(name)).toBeLessThanOrEqual(count);
      }),
      { numRuns: 60 },
    );
  });
});
