/**
 * Services of a simulated cluster that were protected and held, by whoever is gone since: what people find when they want
 * their Services back.
 * @module
 */
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { KubeWriter } from "../../src/adapters/kube/kube-writer.ts";
import { readTraces } from "../../src/apps/cli/cluster/service-traces.ts";
import { planTakeover } from "../../src/core/takeover/plan-takeover.ts";
import type { ServiceKey } from "../../src/model/service-key.ts";
import type { TakeoverGateway } from "../../src/model/takeover.ts";
import type { JsonObject } from "../kube/api/json.ts";
import type { SimulatedCluster } from "../kube/simulated-cluster.ts";

const SLICES = "discovery.k8s.io/endpointslices";
const NAMESPACE = "shop";

/** Seeds a Service with a ready pod. */
export function seedService(cluster: SimulatedCluster, name: string, podIP: string): void {
  const labels = { app: name, tier: "front" };
  cluster.seed(
    "/services",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels: { team: "shop" }, annotations: { note: "ours" } },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }] },
    },
    NAMESPACE,
  );
  cluster.seed(
    "/pods",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `${name}-1`, labels },
      spec: { nodeName: "node-1", containers: [{ name: "web", image: "web" }] },
      status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions: [{ type: "Ready", status: "True" }] },
    },
    NAMESPACE,
  );
}

/** Seeds a policy. */
export function seedPolicy(cluster: SimulatedCluster, name: string, services: readonly string[] = [name]): void {
  cluster.seed(
    "tandem.dev/failoverpolicies",
    {
      apiVersion: "tandem.dev/v1alpha1",
      kind: "FailoverPolicy",
      metadata: { name },
      spec: {
        targetRefs: services.map((service) => ({ kind: "Service", name: service })),
        mode: "Gateway",
        sites: [{ name: "west" }, { name: "east" }],
      },
    },
    NAMESPACE,
  );
}

const GATEWAY: TakeoverGateway = { name: "west-1", addresses: { IPv4: "10.9.0.1" } };

/** Holds a Service as a controller does. */
export async function hold(
  client: KubeClient,
  key: ServiceKey,
  { gateways = [GATEWAY], listen = 20_001 }: { gateways?: readonly TakeoverGateway[]; listen?: number } = {},
): Promise<void> {
  const writer = new KubeWriter(client, "tandem-controller", { mayWrite: () => true, written: () => {} });
  const [namespace = ""] = key.split("/");
  for (;;) {
    const plan = planTakeover({
      ...(await readTraces(client, key)),
      policy: { uid: "uid-policy", mode: "Gateway" },
      gateways,
      listenPorts: new Map([[80, listen]]),
      switched: false,
      returned: true,
      now: Date.now(),
      timestamp: new Date().toISOString(),
      originCreatedAt: undefined,
      releasedAt: undefined,
      drainMs: 0,
    });
    await Promise.all(plan.changes.map((change) => writer.write(namespace, change)));
    if (plan.changes.length === 0) return;
  }
}

/** Addresses that kube-proxy would use for a Service. */
export function readyAddresses(cluster: SimulatedCluster, service: string): readonly string[] {
  const slices = cluster
    .list(SLICES, NAMESPACE)
    .filter((slice) => labelOf(slice, "kubernetes.io/service-name") === service);
  return slices.flatMap((slice) =>
    ((slice["endpoints"] ?? []) as unknown as readonly { addresses: string[]; conditions?: { ready?: boolean } }[])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses),
  );
}

/** Every object of the namespace that a person may see, without what changes with every write. */
export function picture(cluster: SimulatedCluster): Readonly<Record<string, unknown>> {
  const resources = ["/services", SLICES, "/endpoints", "/pods", "tandem.dev/failoverpolicies"];
  return Object.fromEntries(
    resources.map((resource) => [resource, cluster.list(resource, NAMESPACE).map((object) => plain(object))]),
  );
}

function plain(object: { readonly metadata: JsonObject }): unknown {
  const { managedFields: _m, resourceVersion: _v, generation: _g, annotations, ...metadata } = object.metadata;
  const {
    ["endpoints.kubernetes.io/last-change-trigger-time"]: _t,
    // A pause is said to the person, who takes it back.
    ["tandem.dev/paused"]: _p,
    ...kept
  } = (annotations ?? {}) as JsonObject;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

function labelOf(object: { readonly metadata: JsonObject }, label: string): unknown {
  return (object.metadata["labels"] as JsonObject | undefined)?.[label];
}
