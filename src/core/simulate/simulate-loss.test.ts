import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateCase } from "../../../test/scheduler/generate/generate-case.ts";
import type { Manifest } from "../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod } from "../../../test/scheduler/small-cluster.ts";
import { readSnapshot } from "../../model/snapshot/read-snapshot.ts";
import { nodesOf, parseLostDomain } from "./loss.ts";
import { type LossImpact, type LossScenario, simulateLoss } from "./simulate-loss.ts";

const ZONE = "topology.kubernetes.io/zone";

function owned(kind: string): object {
  return { ownerReferences: [{ kind, name: "web", uid: "1", controller: true }] };
}

const service: Manifest = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { selector: { app: "web" } },
};

interface Web {
  readonly spec?: object;
  readonly kind?: string;
}

/** Three zones of three nodes, one pod of the Service on each. */
function threeZones({ spec = {}, kind = "ReplicaSet" }: Web = {}): readonly Manifest[] {
  const names = ["a", "b", "c"].flatMap((zone) => [1, 2, 3].map((number) => `${zone}${number}`));
  return [
    service,
    ...names.flatMap((name) => [aNode(name, name.slice(0, 1)), aPod(`web-${name}`, name, spec, owned(kind))]),
  ];
}

function lose(objects: readonly Manifest[], lost: string, more: Partial<LossScenario> = {}): LossImpact {
  const { snapshot } = readSnapshot(objects);
  const domain = parseLostDomain(lost);
  const nodes = domain === undefined ? [] : nodesOf(domain, snapshot).map(({ metadata }) => metadata.name);
  return simulateLoss(snapshot, { form: "unreachable", seeds: 4, ...more, nodes: new Set(nodes) });
}

function spread(more: object = {}): object {
  const constraint = { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: "DoNotSchedule", ...more };
  return { topologySpreadConstraints: [{ ...constraint, labelSelector: { matchLabels: { app: "web" } } }] };
}

describe("a zone of three is lost, with hard spread over zones", () => {
  test.each([
    ["the lost zone counts as empty: replacements wait", {}, "unreachable", [6, 3]],
    ["until the Node objects are gone", {}, "deleted", [9, 0]],
    ["tainted nodes do not count: replacements are placed", { nodeTaintsPolicy: "Honor" }, "unreachable", [9, 0]],
    [
      "three domains have to be there: replacements wait",
      { nodeTaintsPolicy: "Honor", minDomains: 3 },
      "unreachable",
      [6, 3],
    ],
  ] as const)("%s", (_, more, form, [after, pending]) => {
    const impact = lose(threeZones({ spec: spread(more) }), "zone=c", { form });
    expect(impact.services[0]).toMatchObject({ before: 9, atWorst: 6, after: { least: after, most: after } });
    expect(impact.pending).toHaveLength(pending);
  });
});

describe("what controllers do", () => {
  test("a StatefulSet's pods are not made anew as long as the Node object is there", () => {
    const objects = threeZones({ kind: "StatefulSet" });
    expect(lose(objects, "zone=c")).toMatchObject({
      fates: { gone: 3, replaced: 0 },
      services: [{ after: { most: 6 } }],
    });
    expect(lose(objects, "zone=c", { form: "deleted" }).fates).toMatchObject({ gone: 0, replaced: 3 });
  });

  test("pods of a DaemonSet belong to their nodes", () => {
    expect(lose(threeZones({ kind: "DaemonSet" }), "zone=c").fates).toMatchObject({ "of-node": 3, replaced: 0 });
  });

  test("a pod that tolerates the loss for good is never evicted", () => {
    const tolerations = [{ key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" }];
    expect(lose(threeZones({ spec: { tolerations } }), "zone=c").fates).toMatchObject({ kept: 3, replaced: 0 });
    const forAWhile = tolerations.map((toleration) => ({ ...toleration, tolerationSeconds: 300 }));
    expect(lose(threeZones({ spec: { tolerations: forAWhile } }), "zone=c").fates).toMatchObject({ replaced: 3 });
  });

  test("a pod that nobody controls is gone", () => {
    expect(lose([aNode("a1", "a"), aPod("lone", "a1")], "node=a1").fates).toMatchObject({ gone: 1 });
  });
});

describe("needs", () => {
  const budget = (spec: object): Manifest => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace: "shop" },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
  });

  test.each([
    ["one is enough", [], 1],
    ["disruption budget", [budget({ minAvailable: "80%" })], 8],
    ["disruption budget", [budget({ maxUnavailable: 2 })], 7],
  ] as const)("%s", (because, more, pods) => {
    expect(lose([...threeZones(), ...more], "zone=c").services[0]?.needs).toEqual({ pods, because });
  });

  test("a StatefulSet needs its quorum, an annotation comes first", () => {
    const objects = threeZones({ kind: "StatefulSet" });
    expect(lose(objects, "zone=c").services[0]?.needs).toEqual({ pods: 5, because: "quorum" });
    const annotated = { ...service, metadata: { ...service.metadata, annotations: { "tandem.dev/needs": "7" } } };
    const impact = lose([annotated, ...objects.slice(1)], "zone=c");
    expect(impact.services[0]).toMatchObject({
      needs: { pods: 7, because: "annotation" },
      belowNeeds: { seeds: 4, firstSeed: 1 },
    });
  });
});

test("a less important pod gives way, and waits itself", () => {
  const big = (priority: number) => ({
    priority,
    containers: [{ name: "main", resources: { requests: { cpu: "3" } } }],
  });
  const small = { ...service, metadata: { ...service.metadata, name: "small" }, spec: { selector: { app: "small" } } };
  const impact = lose(
    [
      service,
      small,
      aNode("a1", "a"),
      aNode("b1", "b"),
      aPod("web", "a1", big(10), owned("ReplicaSet")),
      aPod("small", "b1", big(0), { labels: { app: "small" }, ...owned("ReplicaSet") }),
    ],
    "node=a1",
  );
  expect(impact.preempted).toEqual(["shop/small"]);
  expect(impact.services).toMatchObject([
    { service: "shop/small", after: { least: 0, most: 0 } },
    { service: "shop/web", atWorst: 0, after: { least: 1, most: 1 } },
  ]);
  expect(impact.pending).toMatchObject([{ replaces: "shop/small", seeds: 4, reasons: { "Insufficient cpu": 1 } }]);
});

describe("of any cluster", () => {
  const anyCluster = fc.integer({ min: 1, max: 100_000 }).map((seed) => generateCase(seed, "probe").objects);

  test("nothing lost is nothing hit", () => {
    fc.assert(
      fc.property(anyCluster, (objects) => {
        const { services, pending, fates } = lose(objects, "node=nowhere");
        expect({ services, pending, fates }).toEqual({
          services: [],
          pending: [],
          fates: { replaced: 0, gone: 0, "of-node": 0, kept: 0 },
        });
      }),
      { numRuns: 100 },
    );
  });

  test("a larger loss never leaves more survivors before replacements", () => {
    fc.assert(
      fc.property(anyCluster, (objects) => {
        const { snapshot } = readSnapshot([service, ...objects]);
        const [first, second] = snapshot.nodes.map(({ metadata }) => metadata.name);
        const survivors = (...names: (string | undefined)[]) => {
          const nodes = new Set(names.filter((name) => name !== undefined));
          const { services } = simulateLoss(snapshot, { nodes, form: "deleted", seeds: 1 });
          return new Map(services.map((one) => [one.service, one.atWorst]));
        };
        const [small, large] = [survivors(first), survivors(first, second)];
        for (const [name, count] of small) expect(large.get(name)).toBeLessThanOrEqual(count);
      }),
      { numRuns: 100 },
    );
  });

  test("the order of objects does not matter without chance", () => {
    const objects = threeZones({ spec: spread() });
    expect(lose(objects.toReversed(), "zone=c").services).toEqual(lose(objects, "zone=c").services);
  });
});
