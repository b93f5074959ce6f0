import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, listAt, textAt } from "./api/json.ts";
import { ClusterRequests } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const PODS = "/api/v1/namespaces/shop/pods";
const container = { name: "c", image: "i:1" };
const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "p" }, target: { kind: "Node", name: "n1" } };

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"] });
  requests = new ClusterRequests(cluster);
});
afterEach(() => cluster.close());

describe("a pod is bound to a node", () => {
  test("it is on the node, scheduled, with what the binding says besides, and a watch hears of it", async () => {
    await requests.create(PODS, { metadata: { name: "p" }, spec: { containers: [container] } });
    const { body } = await requests.create(PODS + "/p/binding", {
      ...binding,
      metadata: { name: "p", annotations: { a: "b" }, labels: { "topology.kubernetes.io/zone": "z1" } },
    });
    expect(body).toMatchObject({ kind: "Status", status: "Success", code: 201 });
    const pod = cluster.read("/pods", "p", "shop");
    expect(textAt(pod, "spec", "nodeName")).toBe("n1");
    expect(listAt(pod, "status", "conditions")).toMatchObject([{ type: "PodScheduled", status: "True" }]);
    expect(at(pod, "metadata", "annotations")).toEqual({ a: "b" });
    expect(at(pod, "metadata", "labels")).toEqual({ "topology.kubernetes.io/zone": "z1" });
  });

  test("once, while it is not being deleted, without gates, and only the pod that was meant", async () => {
    const refusals: [string, object, object][] = [
      ['pod p is already assigned to node "n0"', { nodeName: "n0" }, binding],
      ["pod p has non-empty .spec.schedulingGates", { schedulingGates: [{ name: "wait" }] }, binding],
      ["Precondition failed: UID in precondition: x", {}, { ...binding, metadata: { name: "p", uid: "x" } }],
    ];
    for (const [why, spec, sent] of refusals) {
      await requests.create(PODS, { metadata: { name: "p" }, spec: { containers: [container], ...spec } });
      const answer = await requests.create(PODS + "/p/binding", { ...sent });
      expect([answer.status, textAt(answer.body, "message")]).toEqual([409, expect.stringContaining(why)]);
      cluster.remove("/pods", "p", "shop");
    }
    await requests.create(PODS, { metadata: { name: "p", finalizers: ["a/b"] }, spec: { containers: [container] } });
    cluster.remove("/pods", "p", "shop");
    expect(textAt((await requests.create(PODS + "/p/binding", binding)).body, "message")).toContain("is being deleted");
  });

  test("a missing pod is not found, a binding without a node is invalid", async () => {
    expect((await requests.create(PODS + "/p/binding", binding)).status).toBe(404);
    await requests.create(PODS, { metadata: { name: "p" }, spec: { containers: [container] } });
    expect((await requests.create(PODS + "/p/binding", { ...binding, target: { name: "" } })).status).toBe(422);
    expect((await requests.get(PODS + "/p/binding")).status).toBe(405);
  });
});

describe("what schedulers go by is filled in", () => {
  test("limits are asked for where nothing is, label keys become part of selectors", async () => {
    const term = {
      topologyKey: "zone",
      labelSelector: {},
      matchLabelKeys: ["rev"],
      mismatchLabelKeys: ["app", "none"],
    };
    const { body } = await requests.create(PODS, {
      metadata: { name: "p", labels: { rev: "1", app: "a" } },
      spec: {
        containers: [{ ...container, resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } } }],
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "zone",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchExpressions: [{ key: "rev", operator: "In", values: ["0"] }] },
            matchLabelKeys: ["rev", "app"],
          },
        ],
      },
    });
    expect(at(body, "spec", "containers", 0, "resources", "requests")).toEqual({ cpu: "500m", memory: "1Gi" });
    const anti = "requiredDuringSchedulingIgnoredDuringExecution";
    expect(at(body, "spec", "affinity", "podAntiAffinity", anti, 0, "labelSelector")).toEqual({
      matchExpressions: [
        { key: "rev", operator: "In", values: ["1"] },
        { key: "app", operator: "NotIn", values: ["a"] },
      ],
    });
    // A key that is there stays as it is.
    expect(at(body, "spec", "topologySpreadConstraints", 0, "labelSelector")).toEqual({
      matchExpressions: [
        { key: "rev", operator: "In", values: ["0"] },
        { key: "app", operator: "In", values: ["a"] },
      ],
    });
  });

  test("a class binds at once unless it says otherwise; volumes and claims wait", async () => {
    const storage = "/apis/storage.k8s.io/v1";
    const { body } = await requests.create(`${storage}/storageclasses`, { metadata: { name: "c" }, provisioner: "p" });
    expect(textAt(body, "volumeBindingMode")).toBe("Immediate");
    const claim = await requests.create("/api/v1/namespaces/shop/persistentvolumeclaims", {
      metadata: { name: "c" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      status: { phase: "Bound" },
    });
    expect(textAt(claim.body, "status", "phase")).toBe("Pending");
    expect(textAt(claim.body, "spec", "volumeMode")).toBe("Filesystem");
  });
});
