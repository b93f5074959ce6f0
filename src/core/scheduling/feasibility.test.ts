import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateCase } from "../../../test/scheduler/generate/generate-case.ts";
import { predict } from "../../../test/scheduler/predict.ts";
import type { Manifest } from "../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod, whereItFits } from "../../../test/scheduler/small-cluster.ts";

const ZONE = "topology.kubernetes.io/zone";
const web = { matchLabels: { app: "web" } };

/** Three zones of three nodes, one replica on each. Zone c is lost: its nodes are tainted, its pods being deleted. */
function zoneLost({ nodesAreGone = false } = {}): readonly Manifest[] {
  const nodes = ["a", "b", "c"].flatMap((zone) => [1, 2, 3].map((number) => ({ zone, name: `${zone}${number}` })));
  const unreachable = { taints: [{ key: "node.kubernetes.io/unreachable", effect: "NoExecute" }] };
  return nodes
    .filter(({ zone }) => zone !== "c" || !nodesAreGone)
    .flatMap(({ zone, name }) => [
      aNode(name, zone, zone === "c" ? { spec: unreachable } : {}),
      aPod(`web-${name}`, name, {}, zone === "c" ? { deletionTimestamp: "2026-11-30T00:00:00Z" } : {}),
    ]);
}

function spreading(more: object = {}): Manifest {
  const constraint = { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: "DoNotSchedule", labelSelector: web, ...more };
  return aPod("web-new", undefined, { topologySpreadConstraints: [constraint] });
}

describe("a zone of three is lost, with hard spread over zones", () => {
  test("replacements stay pending as long as the lost zone counts as the emptiest one", () => {
    expect(whereItFits(spreading(), zoneLost())).toEqual({
      nodes: [],
      reasons: {
        "node(s) didn't match pod topology spread constraints": 6,
        "node(s) had untolerated taint(s)": 3,
      },
    });
  });

  test("they are placed once the Node objects are gone", () => {
    expect(whereItFits(spreading(), zoneLost({ nodesAreGone: true })).nodes).toHaveLength(6);
  });

  test("they are placed at once where tainted nodes do not count", () => {
    expect(whereItFits(spreading({ nodeTaintsPolicy: "Honor" }), zoneLost()).nodes).toHaveLength(6);
  });

  test("three domains that there have to be are one too many then", () => {
    expect(whereItFits(spreading({ nodeTaintsPolicy: "Honor", minDomains: 3 }), zoneLost()).nodes).toEqual([]);
  });
});

describe("topology spread", () => {
  test("a node that is added with a new domain can make a pod unplaceable", () => {
    const full = ["a1", "b1"].flatMap((name) => [
      aNode(name, name.slice(0, 1)),
      aPod(`${name}-x`, name),
      aPod(`${name}-y`, name),
    ]);
    expect(whereItFits(spreading(), full).nodes).toEqual(["a1", "b1"]);
    const tainted = aNode("c1", "c", { spec: { taints: [{ key: "broken", effect: "NoSchedule" }] } });
    expect(whereItFits(spreading(), [...full, tainted]).nodes).toEqual([]);
  });

  test("an empty selector counts nobody but the pod itself, an absent one nobody at all", () => {
    const objects = [aNode("a1", "a"), aNode("b1", "b"), aPod("x", "a1"), aPod("y", "a1")];
    expect(whereItFits(spreading({ labelSelector: {} }), objects).nodes).toEqual(["a1", "b1"]);
    expect(whereItFits(spreading({ labelSelector: undefined }), objects).nodes).toEqual(["a1", "b1"]);
    expect(whereItFits(spreading(), objects).nodes).toEqual(["b1"]);
  });

  test("a node without the key is out of the question, and says so", () => {
    const bare = { ...aNode("c1", "c"), metadata: { name: "c1" } };
    expect(whereItFits(spreading(), [aNode("a1", "a"), bare])).toEqual({
      nodes: ["a1"],
      reasons: { "node(s) didn't match pod topology spread constraints (missing required label)": 1 },
    });
  });

  test("an added empty node whose domains are all counted already takes no node away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(), (seed, which) => {
        const before = generateCase(seed, "probe");
        const nodes = before.objects.filter(({ kind }) => kind === "Node");
        const twin = nodes[which % nodes.length];
        if (twin === undefined) return;
        // The same labels and taints, so that each constraint counts its domains already.
        const added = { ...twin, metadata: { ...twin.metadata, name: "added" } };
        const after = predict({ ...before, objects: [...before.objects, added] });
        for (const [index, answer] of predict(before).entries())
          expect(after[index]?.feasible).toEqual(expect.arrayContaining([...answer.feasible]));
      }),
      { numRuns: 300 },
    );
  });

  test("the order of objects does not matter", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const asked = generateCase(seed, "probe", { nominations: true });
        expect(predict({ ...asked, objects: asked.objects.toReversed() })).toEqual(predict(asked));
      }),
      { numRuns: 200 },
    );
  });
});

describe("resources", () => {
  const asking = (requests: object) =>
    aPod("new", undefined, { containers: [{ name: "main", resources: { requests } }] });
  const onFullNode = [
    aNode("a1", "a", { allocatable: { cpu: "1", pods: "2" } }),
    aPod("big", "a1", { containers: [{ name: "main", resources: { requests: { cpu: "1500m" } } }] }),
  ];

  test("a pod that asks for nothing fits on a node that is over-committed, while there is a slot", () => {
    expect(whereItFits(asking({}), onFullNode).nodes).toEqual(["a1"]);
    expect(whereItFits(asking({}), [...onFullNode, aPod("small", "a1")]).reasons).toEqual({ "Too many pods": 1 });
  });

  test("pods that are being deleted still have their resources, finished ones do not", () => {
    const ending = (phase: string, metadata: object): readonly Manifest[] => [
      aNode("a1", "a", { allocatable: { cpu: "1" } }),
      {
        ...aPod("old", "a1", { containers: [{ name: "main", resources: { requests: { cpu: "1" } } }] }, metadata),
        status: { phase },
      },
    ];
    expect(
      whereItFits(asking({ cpu: "1" }), ending("Running", { deletionTimestamp: "2026-11-30T00:00:00Z" })).nodes,
    ).toEqual([]);
    expect(whereItFits(asking({ cpu: "1" }), ending("Succeeded", {})).nodes).toEqual(["a1"]);
  });

  test("all that is short is said", () => {
    const small = [aNode("a1", "a", { allocatable: { cpu: "100m", memory: "1Mi", pods: "0" } })];
    expect(whereItFits(asking({ cpu: "1", memory: "1Gi" }), small).reasons).toEqual({
      "Too many pods": 1,
      "Insufficient cpu": 1,
      "Insufficient memory": 1,
    });
  });
});

describe("pod affinity", () => {
  const zoneTerm = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: ZONE, labelSelector: web }] };

  test("the first of pods that want to be together goes anywhere", () => {
    const first = aPod("first", undefined, { affinity: { podAffinity: zoneTerm } });
    expect(whereItFits(first, [aNode("a1", "a"), aNode("b1", "b")]).nodes).toEqual(["a1", "b1"]);
    const stranger = aPod("stranger", undefined, { affinity: { podAffinity: zoneTerm } }, { labels: { app: "other" } });
    expect(whereItFits(stranger, [aNode("a1", "a")]).nodes).toEqual([]);
  });

  test("pods that run keep others out of their zone, also while they are being deleted", () => {
    const lonely = aPod(
      "lonely",
      "a1",
      { affinity: { podAntiAffinity: zoneTerm } },
      { deletionTimestamp: "2026-11-30T00:00:00Z" },
    );
    expect(whereItFits(aPod("new", undefined), [aNode("a1", "a"), aNode("a2", "a"), aNode("b1", "b"), lonely])).toEqual(
      {
        nodes: ["b1"],
        reasons: { "node(s) didn't satisfy existing pods anti-affinity rules": 2 },
      },
    );
  });

  test("anti-affinity passes on a node without the key, affinity fails there", () => {
    const bare = { ...aNode("c1", "c"), metadata: { name: "c1" } };
    const objects = [aNode("a1", "a"), bare, aPod("x", "a1")];
    expect(whereItFits(aPod("new", undefined, { affinity: { podAntiAffinity: zoneTerm } }), objects).nodes).toEqual([
      "c1",
    ]);
    expect(whereItFits(aPod("new", undefined, { affinity: { podAffinity: zoneTerm } }), objects).nodes).toEqual(["a1"]);
  });
});

describe("node affinity", () => {
  const required = (...nodeSelectorTerms: object[]) =>
    aPod("new", undefined, {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });
  const nodes = [aNode("a1", "a"), aNode("b1", "b")];

  test("an empty term matches nothing, and NotIn passes on an absent key", () => {
    expect(whereItFits(required({}), nodes).nodes).toEqual([]);
    expect(
      whereItFits(required({ matchExpressions: [{ key: "gpu", operator: "NotIn", values: ["yes"] }] }), nodes).nodes,
    ).toEqual(["a1", "b1"]);
  });

  test("one of the terms is enough, all expressions of a term are needed", () => {
    const inZone = (zone: string) => ({ key: ZONE, operator: "In", values: [zone] });
    expect(
      whereItFits(required({ matchExpressions: [inZone("a")] }, { matchExpressions: [inZone("b")] }), nodes).nodes,
    ).toEqual(["a1", "b1"]);
    expect(whereItFits(required({ matchExpressions: [inZone("a"), inZone("b")] }), nodes).nodes).toEqual([]);
  });
});
