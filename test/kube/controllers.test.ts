import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, type JsonObject, listAt, textAt } from "./api/json.ts";
import type { KubeObject } from "./api/kube-object.ts";
import { ClusterRequests } from "./cluster-requests.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const SLICES = "discovery.k8s.io/endpointslices";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const SERVICE = "/api/v1/namespaces/shop/services/web";

let cluster: SimulatedCluster;
let requests: ClusterRequests;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ tls: false, namespaces: ["shop"] });
  requests = new ClusterRequests(cluster);
});
afterEach(() => cluster.close());

function addService(spec: JsonObject = {}): KubeObject {
  const all = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec };
  return cluster.seed("/services", { metadata: { name: "web" }, spec: all }, "shop");
}

function addPod(
  name: string,
  ip: string,
  { ready = true, ports = [] as JsonObject[], labels = { app: "web" } } = {},
): void {
  const spec = { nodeName: "n1", containers: [{ name: "c", image: "i:1", ports }] };
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const status = { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions };
  cluster.seed("/pods", { metadata: { name, labels }, spec, status }, "shop");
}

function slices(managedBy = "endpointslice-controller.k8s.io"): readonly KubeObject[] {
  return cluster.list(SLICES, "shop").filter((slice) => at(slice, "metadata", "labels", MANAGED_BY) === managedBy);
}

/** Addresses in the controller's slices with their conditions, `+` ready, `-` not, `~` serving while it ends. */
function endpoints(managedBy?: string): string[] {
  const all = slices(managedBy).flatMap((slice) => listAt(slice, "endpoints"));
  return all
    .map((endpoint) => {
      const isEnding = at(endpoint, "conditions", "terminating") === true;
      const mark = at(endpoint, "conditions", "ready") === true ? "+" : isEnding ? "~" : "-";
      return `${mark}${textAt(endpoint, "addresses", 0)}`;
    })
    .toSorted();
}

function settled(expected: readonly string[], managedBy?: string): Promise<unknown> {
  return cluster.until(() => JSON.stringify(endpoints(managedBy)) === JSON.stringify(expected));
}

describe("the endpointslice controller", () => {
  test("follows pods: readiness, termination, labels", async () => {
    addService();
    addPod("a", "10.1.0.1");
    addPod("b", "10.1.0.2", { ready: false });
    addPod("x", "10.1.0.9", { labels: { app: "other" } });
    await settled(["+10.1.0.1", "-10.1.0.2"]);
    const [slice] = slices();
    expect(slice).toMatchObject({
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      metadata: {
        labels: { "kubernetes.io/service-name": "web" },
        ownerReferences: [
          { apiVersion: "v1", kind: "Service", name: "web", controller: true, blockOwnerDeletion: true },
        ],
      },
    });
    addPod("b", "10.1.0.2");
    await settled(["+10.1.0.1", "+10.1.0.2"]);
    await requests.delete("/api/v1/namespaces/shop/pods/a");
    await settled(["+10.1.0.2", "~10.1.0.1"]);
    cluster.remove("/pods", "a", "shop");
    await settled(["+10.1.0.2"]);
    expect(slices()).toHaveLength(1);
  });

  test("a selector that matches nothing empties the slice and keeps it", async () => {
    addService();
    addPod("a", "10.1.0.1");
    await settled(["+10.1.0.1"]);
    const before = slices()[0]?.metadata.name;
    await requests.patch("merge", SERVICE, { spec: { selector: { app: "web", "tandem.dev/held": "true" } } });
    await settled([]);
    expect(slices().map((slice) => [slice.metadata.name, slice["endpoints"]])).toEqual([[before, null]]);
  });

  test("a Service that loses its selector keeps its slices, and gets them back under control with it", async () => {
    addService();
    addPod("a", "10.1.0.1");
    await settled(["+10.1.0.1"]);
    await requests.patch("merge", SERVICE, { spec: { selector: null } });
    addPod("b", "10.1.0.2");
    await cluster.until(() => cluster.read("/pods", "b", "shop"));
    await settleControllers();
    expect(endpoints()).toEqual(["+10.1.0.1"]);
    await requests.patch("merge", SERVICE, { spec: { selector: { app: "web" } } });
    await settled(["+10.1.0.1", "+10.1.0.2"]);
  });

  test("a deleted slice is made anew while there is a selector", async () => {
    addService();
    addPod("a", "10.1.0.1");
    await settled(["+10.1.0.1"]);
    const name = slices()[0]?.metadata.name ?? "";
    cluster.remove(SLICES, name, "shop");
    await settled(["+10.1.0.1"]);
    expect(slices()[0]?.metadata.name).not.toBe(name);
  });

  test("named target ports are those of each pod", async () => {
    addService({ ports: [{ name: "http", port: 80, targetPort: "web" }] });
    addPod("a", "10.1.0.1", { ports: [{ name: "web", containerPort: 8081 }] });
    addPod("b", "10.1.0.2", { ports: [{ name: "web", containerPort: 8082 }] });
    await settled(["+10.1.0.1", "+10.1.0.2"]);
    expect(new Set(slices().map((slice) => at(slice, "ports", 0, "port")))).toEqual(new Set([8081, 8082]));
  });

  test("more than 100 endpoints take more than one slice", async () => {
    addService();
    for (let pod = 0; pod < 120; pod += 1) addPod(`p${pod}`, `10.1.1.${pod + 1}`);
    await cluster.until(() => endpoints().length === 120);
    expect(new Set(slices().map((slice) => listAt(slice, "endpoints").length))).toEqual(new Set([100, 20]));
  });

  test("headless, not ready but published, both families", async () => {
    addService({ clusterIP: "None", publishNotReadyAddresses: true, ipFamilyPolicy: "RequireDualStack" });
    const status = {
      phase: "Running",
      podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }],
      conditions: [{ type: "Ready", status: "False" }],
    };
    cluster.seed(
      "/pods",
      { metadata: { name: "a", labels: { app: "web" } }, spec: { containers: [{ name: "c" }] }, status },
      "shop",
    );
    await settled(["+10.1.0.1", "+fd00::1"]);
    expect(new Set(slices().map((slice) => slice["addressType"]))).toEqual(new Set(["IPv4", "IPv6"]));
    expect(textAt(slices()[0], "metadata", "labels", "service.kubernetes.io/headless")).toBe("");
  });

  test("an address that the API refuses leaves the old slice as it was", async () => {
    addService();
    addPod("a", "10.1.0.1");
    await settled(["+10.1.0.1"]);
    addPod("a", "127.0.0.1");
    await settleControllers();
    expect(endpoints()).toEqual(["+10.1.0.1"]);
  });

  test("a controller that does not run or is slow", async () => {
    const slow = await SimulatedCluster.start({
      tls: false,
      namespaces: ["shop"],
      controllers: { endpointSlices: { delayMs: 30 }, endpoints: false },
    });
    slow.seed(
      "/services",
      { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } },
      "shop",
    );
    expect(slow.list(SLICES)).toEqual([]);
    await slow.until(() => slow.list(SLICES).length === 1);
    expect(slow.list("/endpoints")).toEqual([]);
    await slow.close();
  });
});

/** A round trip through the API lets every controller look at what was written before. */
async function settleControllers(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await requests.get("/readyz");
}

describe("Endpoints and their mirror", () => {
  const MIRROR = "endpointslicemirroring-controller.k8s.io";

  test("a Service without a selector has its left-over Endpoints mirrored, unless they are labelled", async () => {
    addService();
    addPod("a", "10.1.0.1");
    await settled(["+10.1.0.1"]);
    await cluster.until(() => listAt(cluster.read("/endpoints", "web", "shop"), "subsets").length === 1);
    expect(endpoints(MIRROR)).toEqual([]);
    await requests.patch("merge", SERVICE, { spec: { selector: null } });
    await settled(["+10.1.0.1"], MIRROR);
    const label = { metadata: { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } } };
    await requests.patch("merge", "/api/v1/namespaces/shop/endpoints/web", label);
    await settled([], MIRROR);
    expect(slices(MIRROR)).toEqual([]);
  });

  test("Endpoints that somebody wrote are mirrored with what is ready and what is not", async () => {
    addService({ selector: null });
    const subsets = [
      {
        addresses: [{ ip: "192.0.2.1" }],
        notReadyAddresses: [{ ip: "192.0.2.2" }],
        ports: [{ name: "http", port: 80 }],
      },
    ];
    await requests.create("/api/v1/namespaces/shop/endpoints", { metadata: { name: "web" }, subsets });
    await settled(["+192.0.2.1", "-192.0.2.2"], MIRROR);
    await requests.delete("/api/v1/namespaces/shop/endpoints/web");
    await cluster.until(() => slices(MIRROR).length === 0);
  });

  test("they follow ready pods and go with their Service", async () => {
    addService();
    addPod("a", "10.1.0.1");
    addPod("b", "10.1.0.2", { ready: false });
    await cluster.until(() => {
      const [subset] = listAt(cluster.read("/endpoints", "web", "shop"), "subsets");
      return (
        textAt(subset, "addresses", 0, "ip") === "10.1.0.1" &&
        textAt(subset, "notReadyAddresses", 0, "ip") === "10.1.0.2"
      );
    });
    await requests.delete(SERVICE);
    await cluster.until(() => cluster.read("/endpoints", "web", "shop") === undefined && slices().length === 0);
  });
});

describe("garbage collection", () => {
  const CONFIGS = "/api/v1/namespaces/shop/configmaps";

  function addOwned(name: string, owner: KubeObject): KubeObject {
    const { kind, apiVersion, metadata } = owner;
    const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, blockOwnerDeletion: true }];
    return cluster.seed("/configmaps", { metadata: { name, ownerReferences } }, "shop");
  }

  const names = (): string[] => cluster.list("/configmaps", "shop").map((object) => object.metadata.name);

  test("what an object owned goes after it, step by step", async () => {
    const owner = cluster.seed("/configmaps", { metadata: { name: "owner" } }, "shop");
    addOwned("second", addOwned("first", owner));
    await requests.delete(`${CONFIGS}/owner`);
    await cluster.until(() => names().length === 0);
  });

  test("in the foreground the owner goes last; orphans stay without an owner", async () => {
    const owner = cluster.seed("/configmaps", { metadata: { name: "owner" } }, "shop");
    addOwned("first", owner);
    const gone: string[] = [];
    await requests.delete(`${CONFIGS}/owner`, { propagationPolicy: "Foreground" });
    await cluster.until(() => {
      if (!names().includes("first")) gone.push("first");
      return names().length === 0;
    });
    expect(gone.length).toBeGreaterThan(1);
    const other = cluster.seed("/configmaps", { metadata: { name: "other" } }, "shop");
    addOwned("orphan", other);
    await requests.delete(`${CONFIGS}/other`, { propagationPolicy: "Orphan" });
    await cluster.until(() => names().join() === "orphan");
    expect(cluster.read("/configmaps", "orphan", "shop")?.metadata["ownerReferences"]).toBeUndefined();
  });

  test("an owner that never was is no owner", async () => {
    const owner = cluster.seed("/configmaps", { metadata: { name: "owner" } }, "shop");
    cluster.remove("/configmaps", "owner", "shop");
    addOwned("late", owner);
    await cluster.until(() => names().length === 0);
  });
});

test("an owner of a kind that nobody serves is left alone", async () => {
  const ownerReferences = [{ apiVersion: "x.dev/v1", kind: "Unknown", name: "u", uid: "1" }];
  cluster.seed("/configmaps", { metadata: { name: "owned", ownerReferences } }, "shop");
  await settleControllers();
  expect(cluster.read("/configmaps", "owned", "shop")).toBeDefined();
});

describe("namespaces", () => {
  test("one that is deleted takes nothing new, is emptied, and goes", async () => {
    const held = { metadata: { name: "held", finalizers: ["shop.dev/hold"] } };
    cluster.seed("/configmaps", held, "shop");
    addService();
    await requests.delete("/api/v1/namespaces/shop");
    await cluster.until(() => cluster.list("/services", "shop").length === 0);
    expect(at(cluster.read("/namespaces", "shop"), "status", "phase")).toBe("Terminating");
    const refused = await requests.create("/api/v1/namespaces/shop/configmaps", { metadata: { name: "late" } });
    expect([refused.status, textAt(refused.body, "message")]).toEqual([
      403,
      'configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
    ]);
    await requests.patch("merge", "/api/v1/namespaces/shop/configmaps/held", { metadata: { finalizers: null } });
    await cluster.until(() => cluster.read("/namespaces", "shop") === undefined);
  });

  test("one can be removed by force, with what is in it left behind", async () => {
    cluster.seed("/configmaps", { metadata: { name: "held", finalizers: ["shop.dev/hold"] } }, "shop");
    await requests.delete("/api/v1/namespaces/shop");
    const { body } = await requests.get("/api/v1/namespaces/shop");
    await requests.replace("/api/v1/namespaces/shop/finalize", { ...body, spec: { finalizers: [] } });
    expect((await requests.get("/api/v1/namespaces/shop")).status).toBe(404);
    expect(cluster.list("/configmaps", "shop")).toHaveLength(1);
  });
});
