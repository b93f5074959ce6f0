import { describe, expect, test } from "vitest";
import {
  eventOf,
  lose,
  owned,
  threeZones,
  webService,
  webServiceNeeding,
} from "../../../../test/scheduler/lost-cluster.ts";
import type { Manifest } from "../../../../test/scheduler/scheduler-case.ts";
import { aNode, aPod } from "../../../../test/scheduler/small-cluster.ts";

const S = 1000;
const ONE_SEED = { seeds: [1] };
const UNREACHABLE = "node.kubernetes.io/unreachable";

function tolerating(seconds?: number): object {
  const toleration = { key: UNREACHABLE, operator: "Exists", effect: "NoExecute" };
  return { tolerations: [{ ...toleration, ...(seconds === undefined ? {} : { tolerationSeconds: seconds }) }] };
}

function twoNodes(spec: object, kind = "ReplicaSet", name = "web-0"): readonly Manifest[] {
  return [webService, aNode("a0", "a"), aNode("b0", "b"), aPod(name, "a0", spec, owned(kind))];
}

describe("tolerations", () => {
  test.each([
    ["300 s where nothing is said", {}, 355 * S],
    ["the seconds that it says", tolerating(60), 115 * S],
    ["at once with none", tolerating(0), 55 * S],
    [
      "the shortest of all",
      {
        tolerations: [
          ...(tolerating(90) as { tolerations: [] }).tolerations,
          { operator: "Exists", tolerationSeconds: 20 },
        ],
      },
      75 * S,
    ],
  ])("%s", (_, spec, firstMs) => {
    expect(eventOf(lose(twoNodes(spec), ["a0"], ONE_SEED), "pod evicted")).toMatchObject({ firstMs, count: 1 });
  });

  test("for good: never evicted, never replaced", () => {
    const impact = lose(twoNodes(tolerating()), ["a0"], ONE_SEED);
    expect(eventOf(impact, "pod evicted")).toBeUndefined();
    expect(impact.services).toMatchObject([{ after: { most: 0 }, noneMs: { least: 900 * S } }]);
    expect(impact.stuck).toMatchObject([{ reason: "tolerates lost nodes for good", count: 1 }]);
  });

  test("what is still to come at the end is said", () => {
    const at = (untilMs: number, more: object = {}) =>
      lose(twoNodes({}), ["a0"], { ...ONE_SEED, untilMs, ...more }).stuck;
    expect(at(50 * S)).toMatchObject([{ reason: "on a lost node that has no NoExecute taint" }]);
    expect(at(200 * S)).toMatchObject([{ reason: "on a lost node, its eviction is still to come" }]);
    expect(at(50 * S, { form: "deleted" })).toMatchObject([
      { reason: "on a lost node, its eviction is still to come" },
    ]);
    expect(at(370 * S)).toMatchObject([{ reason: "has a node, and starts", examples: ["shop/web-0-anew"] }]);
    expect(at(400 * S)).toEqual([]);
  });

  test("a pod is read, marked and deleted: 20 requests a second are less than 7 pods", () => {
    const pods = Array.from({ length: 100 }, (_, index) => aPod(`web-${index}`, "a0", {}, owned("ReplicaSet")));
    const impact = lose([webService, aNode("a0", "a"), aNode("b0", "b"), ...pods], ["a0"], ONE_SEED);
    const { firstMs = 0, lastMs = 0 } = eventOf(impact, "pod evicted") ?? {};
    expect(lastMs - firstMs).toBe(((300 - 30) / 20) * S);
  });
});

describe("StatefulSets", () => {
  test("stay as being deleted on an unreachable node: nothing is made anew", () => {
    const impact = lose(threeZones({}, "StatefulSet"), ["zone=c"], { ...ONE_SEED, untilMs: 3_600_000 });
    expect(eventOf(impact, "pod evicted")).toMatchObject({ count: 3 });
    expect(eventOf(impact, "replacement created")).toBeUndefined();
    expect(impact).toMatchObject({ pending: [], services: [{ after: { most: 6 } }] });
    expect(impact.stuck).toEqual([
      {
        workload: "StatefulSet shop/web",
        reason: "being deleted on a lost node, and made anew only once it is gone",
        count: 3,
        examples: ["shop/web-6", "shop/web-7", "shop/web-8"],
      },
    ]);
  });

  test("are made anew one after the other once their Node objects are gone", () => {
    const impact = lose(threeZones({}, "StatefulSet"), ["zone=c"], { ...ONE_SEED, form: "deleted" });
    expect(eventOf(impact, "replacement created")).toMatchObject({ firstMs: 60 * S, lastMs: 120 * S, count: 3 });
    expect(impact.services).toMatchObject([{ allAgainMs: { most: 150 * S } }]);
  });

  test("or all at once where order does not matter", () => {
    const set = {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "web", namespace: "shop" },
      spec: { replicas: 9, podManagementPolicy: "Parallel", selector: {}, template: { spec: {} } },
    };
    const impact = lose([...threeZones({}, "StatefulSet"), set], ["zone=c"], { ...ONE_SEED, form: "deleted" });
    expect(eventOf(impact, "replacement created")).toMatchObject({ firstMs: 60 * S, lastMs: 60 * S, count: 3 });
  });

  test("and as soon as a node that is not ready is said to be out of service", () => {
    const impact = lose(threeZones({}, "StatefulSet"), ["zone=c"], { ...ONE_SEED, form: "out-of-service" });
    expect(eventOf(impact, "out-of-service taint")).toMatchObject({ firstMs: 55 * S, count: 3 });
    expect(eventOf(impact, "pod evicted")).toMatchObject({ firstMs: 55 * S, count: 3 });
    expect(eventOf(impact, "pod collected")).toMatchObject({ firstMs: 60 * S, count: 3 });
    expect(impact.services).toMatchObject([{ after: { least: 9 }, allAgainMs: { most: 150 * S } }]);
  });
});

describe("pods that nobody makes anew", () => {
  test.each(["DaemonSet", "Node"])("those of a %s stay with their node", (kind) => {
    const impact = lose(twoNodes({}, kind), ["a0"], ONE_SEED);
    expect(eventOf(impact, "pod evicted")).toBeUndefined();
    expect(impact.services).toMatchObject([{ after: { most: 0 }, endsBelowNeeds: { kind: "proved" } }]);
  });

  test("those of nobody are named", () => {
    const impact = lose([webService, aNode("a0", "a"), aNode("b0", "b"), aPod("lone", "a0")], ["a0"], ONE_SEED);
    expect(impact.bare).toEqual(["shop/lone"]);
    expect(impact.services).toMatchObject([{ endsBelowNeeds: { kind: "proved" } }]);
  });
});

describe("Jobs", () => {
  const job = (spec: object, failed = 0): Manifest => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "web", namespace: "shop" },
    spec: { template: { spec: { containers: [{ name: "main" }] } }, ...spec },
    status: { failed },
  });

  test("make a pod anew 10 s after it is being deleted", () => {
    const impact = lose([...twoNodes({}, "Job"), job({})], ["a0"], ONE_SEED);
    expect(eventOf(impact, "replacement created")).toMatchObject({ firstMs: 365 * S });
  });

  test.each([[{ podReplacementPolicy: "Failed" }], [{ podFailurePolicy: {} }]])(
    "with %o only once it has ended, which it never does on an unreachable node",
    (spec) => {
      expect(
        eventOf(lose([...twoNodes({}, "Job"), job(spec)], ["a0"], ONE_SEED), "replacement created"),
      ).toBeUndefined();
      const deleted = lose([...twoNodes({}, "Job"), job(spec)], ["a0"], { ...ONE_SEED, form: "deleted" });
      expect(eventOf(deleted, "replacement created")).toMatchObject({ firstMs: 70 * S });
    },
  );

  test("make none any more when their limit of failures is reached", () => {
    const impact = lose([...twoNodes({}, "Job"), job({ backoffLimit: 2 }, 2)], ["a0"], ONE_SEED);
    expect(eventOf(impact, "replacement created")).toBeUndefined();
  });
});

describe("volumes for one node", () => {
  const claim = (mode: string): readonly Manifest[] => [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "disk" },
      spec: {
        accessModes: [mode],
        capacity: { storage: "1Gi" },
        csi: { driver: "disk.example.com", volumeHandle: "1" },
        claimRef: { namespace: "shop", name: "files" },
      },
      status: { phase: "Bound" },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "files", namespace: "shop", annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
      spec: { accessModes: [mode], volumeName: "disk" },
      status: { phase: "Bound" },
    },
  ];
  const files = { volumes: [{ name: "files", persistentVolumeClaim: { claimName: "files" } }] };

  test("a pod that is being deleted on a dead node keeps its volume: the replacement waits for good", () => {
    const impact = lose([...twoNodes(files), ...claim("ReadWriteOnce")], ["a0"], { ...ONE_SEED, untilMs: 3_600_000 });
    expect(eventOf(impact, "replacement placed")).toMatchObject({ firstMs: 355 * S });
    expect(eventOf(impact, "volume waits for detach")).toMatchObject({ firstMs: 355 * S });
    expect(eventOf(impact, "volume detached")).toBeUndefined();
    expect(impact.stuck).toMatchObject([
      { reason: "has a node, but its volume is still attached to another", count: 1 },
    ]);
    expect(impact.services).toMatchObject([{ after: { most: 0 } }]);
  });

  test("6 minutes after the object of the pod is gone it is taken from the node", () => {
    const impact = lose([...twoNodes(files), ...claim("ReadWriteOnce")], ["a0"], { ...ONE_SEED, form: "deleted" });
    expect(eventOf(impact, "volume detached")).toMatchObject({ firstMs: 420 * S });
    expect(impact.services).toMatchObject([{ allAgainMs: { most: 450 * S } }]);
  });

  test("at once from a node that is out of service", () => {
    const impact = lose([...twoNodes(files), ...claim("ReadWriteOnce")], ["a0"], {
      ...ONE_SEED,
      form: "out-of-service",
    });
    expect(eventOf(impact, "volume detached")).toMatchObject({ firstMs: 60 * S });
    expect(impact.services).toMatchObject([{ allAgainMs: { most: 90 * S } }]);
  });

  test("one for many nodes does not wait", () => {
    const impact = lose([...twoNodes(files), ...claim("ReadWriteMany")], ["a0"], ONE_SEED);
    expect(impact.services).toMatchObject([{ allAgainMs: { most: 385 * S } }]);
  });

  test("ReadWriteOncePod: the scheduler places no other pod as long as the old one is there", () => {
    const impact = lose([...twoNodes(files), ...claim("ReadWriteOncePod")], ["a0"], ONE_SEED);
    expect(impact.pending).toHaveLength(1);
    expect(eventOf(impact, "replacement placed")).toBeUndefined();
  });
});

describe("what else decides", () => {
  test("a quota that is full creates no replacement until the stuck pod is no longer counted", () => {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small", namespace: "shop" },
      spec: { hard: { pods: "1" } },
    };
    const early = lose([...twoNodes({}), quota], ["a0"], { ...ONE_SEED, untilMs: 590 * S });
    expect(early.pending).toMatchObject([
      { replaces: "shop/web-0", reasons: [{ reason: "quota shop/small lets no pod be created", nodes: 0 }] },
    ]);
    const late = lose([...twoNodes({}), quota], ["a0"], ONE_SEED);
    expect(eventOf(late, "replacement created")).toMatchObject({ firstMs: 600 * S });
  });

  test("an autoscaler's minimum is there with and without the loss", () => {
    const autoscaler = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web", namespace: "shop" },
      spec: { scaleTargetRef: { kind: "ReplicaSet", name: "web" }, minReplicas: 3, maxReplicas: 9 },
    };
    const impact = lose([...twoNodes({}), autoscaler], ["a0"], { ...ONE_SEED, form: "deleted" });
    expect(impact).toMatchObject({ pending: [], services: [{ after: { least: 3 } }] });
  });

  test("nodes that come give room to what waits", () => {
    const large = { containers: [{ name: "main", resources: { requests: { cpu: "3" } } }] };
    const objects = [...twoNodes(large), aPod("other", "b0", large, { labels: {}, ...owned("ReplicaSet", "other") })];
    expect(lose(objects, ["a0"], { ...ONE_SEED, form: "deleted" }).pending).toHaveLength(1);
    const added = [{ pool: "b0", count: 1, atMs: 90 * S }];
    const impact = lose(objects, ["a0"], { ...ONE_SEED, form: "deleted", added });
    expect(eventOf(impact, "replacement placed")).toMatchObject({ examples: ["shop/web-0 on b0-added-1"] });
    expect(impact).toMatchObject({ pending: [], services: [{ allAgainMs: { least: 120 * S } }] });
  });

  test("victims of preemption linger for their grace period, and the more important pod waits for that", () => {
    const big = (priority: number) => ({
      priority,
      terminationGracePeriodSeconds: 45,
      containers: [{ name: "main", resources: { requests: { cpu: "3" } } }],
    });
    const small = aPod("small", "b0", big(0), { labels: { app: "small" }, ...owned("ReplicaSet", "small") });
    const impact = lose([...twoNodes(big(10)), small], ["a0"], { ...ONE_SEED, form: "deleted" });
    expect(eventOf(impact, "pod preempted")).toMatchObject({ firstMs: 60 * S, examples: ["shop/small"] });
    expect(eventOf(impact, "replacement placed")?.firstMs).toBe(105 * S);
    expect(impact.preempted).toEqual(["shop/small"]);
    expect(impact.pending).toMatchObject([{ replaces: "shop/small" }]);
  });
});

describe("the control plane", () => {
  const etcd = (node: string): Manifest => ({
    ...aPod(`etcd-${node}`, node, {}, { namespace: "kube-system", ...owned("Node", node) }),
    metadata: { name: `etcd-${node}`, namespace: "kube-system", labels: { component: "etcd" }, ...owned("Node", node) },
  });

  test("with it, the majority of etcd is lost: nothing is evicted or replaced, and endpoints stay as they are", () => {
    const objects = [...threeZones(), etcd("a0"), etcd("c0"), etcd("c1")];
    const impact = lose(objects, ["zone=c"], ONE_SEED);
    expect(impact.controlPlane).toEqual({ fate: "lost", members: 3, lost: 2, because: "etcd has no majority" });
    expect(impact.events.map(({ kind }) => kind)).toEqual(["nodes lost", "control plane lost"]);
    expect(impact.services).toMatchObject([{ after: { most: 6 }, staleUntilMs: { most: 900 * S } }]);
  });

  test("a minority is not missed", () => {
    const objects = [...threeZones(), etcd("a0"), etcd("b0"), etcd("c1")];
    expect(lose(objects, ["zone=c"], ONE_SEED)).toMatchObject({
      controlPlane: { fate: "survives", members: 3, lost: 1 },
      services: [{ after: { least: 9 } }],
    });
  });

  test("where etcd cannot be seen, nodes with the role count", () => {
    const withRole = (name: string): Manifest => ({
      ...aNode(name, "c"),
      metadata: { name, labels: { "node-role.kubernetes.io/control-plane": "" } },
    });
    const objects = [...threeZones(), withRole("m0")];
    expect(lose(objects, ["m0"], ONE_SEED).controlPlane).toMatchObject({
      fate: "lost",
      because: "no API server is left",
    });
    expect(lose([...objects, withRole("m1"), withRole("m2")], ["m0", "m1"], ONE_SEED).controlPlane.fate).toBe("lost");
    expect(lose(threeZones(), ["zone=c"], ONE_SEED).controlPlane).toEqual({ fate: "elsewhere" });
  });
});

describe("a drain", () => {
  const budget = (spec: object, name = "web"): Manifest => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "shop" },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
  });
  const drained = { ...ONE_SEED, form: "drained" as const };
  const threeOnOne = [0, 1, 2].map((index) => aPod(`web-${index}`, "a0", {}, owned("ReplicaSet")));
  const cluster = [webServiceNeeding(2), aNode("a0", "a"), aNode("b0", "b"), ...threeOnOne];

  test("without a budget all pods go at once", () => {
    const impact = lose(cluster, ["a0"], drained);
    expect(eventOf(impact, "pod evicted")).toMatchObject({ firstMs: 0, lastMs: 0, count: 3 });
    expect(eventOf(impact, "node drained")).toMatchObject({ firstMs: 30 * S });
    expect(impact.services).toMatchObject([
      { noneMs: { least: 30 * S }, staleUntilMs: { most: 0 }, after: { least: 3 } },
    ]);
  });

  test("with one they go one by one, each once the replacement before is ready", () => {
    const impact = lose([...cluster, budget({ maxUnavailable: 1 })], ["a0"], drained);
    expect(eventOf(impact, "pod evicted")).toMatchObject({ firstMs: 0, lastMs: 60 * S, count: 3 });
    expect(impact.services).toMatchObject([
      { atWorst: { least: 2 }, after: { least: 3 }, allAgainMs: { most: 90 * S } },
    ]);
    expect(impact.blocking).toMatchObject([{ budget: "shop/web", sinceMs: 0, untilMs: 55 * S, ends: "allowed" }]);
  });

  test("what nobody could place elsewhere serves on while a budget keeps it: nothing is proved of a drain", () => {
    const pinned = { nodeSelector: { "kubernetes.io/hostname": "a0" } };
    const pods = [0, 1].map((index) => aPod(`web-${index}`, "a0", pinned, owned("ReplicaSet")));
    const objects = [webServiceNeeding(2), aNode("a0", "a"), aNode("b0", "b"), ...pods];
    expect(lose(objects, ["a0"], drained).services).toMatchObject([{ endsBelowNeeds: { kind: "always" } }]);
    expect(lose([...objects, budget({ minAvailable: 2 })], ["a0"], drained).services).toEqual([]);
  });

  test("one that allows none blocks it, and is named", () => {
    const impact = lose([...cluster, budget({ minAvailable: 3 })], ["a0"], drained);
    expect(impact).toMatchObject({
      blocking: [{ budget: "shop/web", ends: "refused", untilMs: 900 * S }],
      notDrained: ["a0"],
      services: [],
    });
  });

  test("pods that are not ready go if enough others are, or always where the budget says so", () => {
    const notReady = (name: string) => ({
      ...aPod(name, "a0", {}, owned("ReplicaSet")),
      status: { phase: "Running", conditions: [{ type: "Ready", status: "False" }] },
    });
    const objects = [webService, aNode("a0", "a"), aNode("b0", "b"), notReady("web-0")];
    const ready = aPod("web-1", "b0", {}, owned("ReplicaSet"));
    expect(lose([...objects, budget({ minAvailable: 1 })], ["a0"], drained).notDrained).toEqual(["a0"]);
    expect(lose([...objects, ready, budget({ minAvailable: 1 })], ["a0"], drained).notDrained).toEqual([]);
    const always = budget({ minAvailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    expect(lose([...objects, always], ["a0"], drained).notDrained).toEqual([]);
    // Nothing is healthy and nothing has to be: that allows no disruption either.
    expect(lose([...objects, budget({ minAvailable: 0 })], ["a0"], drained).notDrained).toEqual(["a0"]);
  });

  test("two budgets on one pod make its eviction fail", () => {
    const impact = lose(
      [...cluster, budget({ minAvailable: 1 }), budget({ minAvailable: 1 }, "other")],
      ["a0"],
      drained,
    );
    expect(impact).toMatchObject({
      blocking: [{ budget: "shop/other and shop/web", ends: "two budgets" }],
      notDrained: ["a0"],
    });
    expect(eventOf(impact, "pod evicted")).toBeUndefined();
  });

  test("pods of DaemonSets are left alone, those of nobody are gone and named", () => {
    const objects = [
      aNode("a0", "a"),
      aNode("b0", "b"),
      aPod("agent", "a0", {}, owned("DaemonSet", "agent")),
      aPod("lone", "a0"),
    ];
    const impact = lose(objects, ["a0"], drained);
    expect(eventOf(impact, "pod evicted")).toMatchObject({ examples: ["shop/lone"], count: 1 });
    expect(impact).toMatchObject({ bare: ["shop/lone"], notDrained: [] });
  });

  test("nodes are cordoned all at once and emptied one after the other", () => {
    const objects = [webService, aNode("a0", "a"), aNode("a1", "a"), aNode("b0", "b")];
    const pods = ["a0", "a1"].map((node) => aPod(`web-${node}`, node, {}, owned("ReplicaSet")));
    const impact = lose([...objects, ...pods], ["a0", "a1"], drained);
    expect(eventOf(impact, "node cordoned")).toMatchObject({ firstMs: 0, lastMs: 0, count: 2 });
    expect(eventOf(impact, "node drained")).toMatchObject({ firstMs: 30 * S, lastMs: 60 * S });
    expect(impact.services).toMatchObject([{ atWorst: { least: 1 } }]);
  });
});
