import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import type { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { GATEWAY } from "../install/accounts.ts";
import { superfluous } from "../install/granted.ts";
import { installDefinitions, openKubeWorld } from "./kube-world.ts";
import type { Manifest } from "./object-store-contract.ts";
import { openSimulatedCluster, type UsedCluster } from "./used-cluster.ts";

let used: UsedCluster & { readonly cluster: SimulatedCluster };
let cluster: SimulatedCluster;
let client: KubeClient;

beforeAll(async () => {
  used = await openSimulatedCluster();
  ({ client, cluster } = used);
  await installDefinitions(client);
});
afterAll(() => used.close());

test("for gateways a policy counts until the origins of its Services are gone", async () => {
  const world = await openKubeWorld(used, "gateway");
  const { store, namespace } = world;
  const service = manifestOf("Service", namespace);
  const policy = manifestOf("FailoverPolicy", namespace);
  await world.put(service);
  await world.put(policy);
  await store.open();
  await world.remove(policy);
  await cluster.until((now) => now.read("tandem.dev/failoverpolicies", "web", namespace) === undefined);
  const gone = Promise.withResolvers<void>();
  store.onChange(() => {
    if (store.policyOf(`${namespace}/web`) === undefined) gone.resolve();
  });
  expect(store.policyOf(`${namespace}/web`)).toBeDefined();
  await world.remove(service);
  await gone.promise;
  expect(store.targetedServices()).toEqual([]);
  await world.close();
});

test("what may not be read is said with what to do, and read once it may be", async () => {
  const healed = cluster.faults.add({ match: { resource: "sites" }, answer: { kind: "status", status: 403 } });
  const world = await openKubeWorld(used);
  const opening = world.store.open();
  await expect
    .poll(() => world.store.problems().map(({ remedy }) => remedy))
    .toEqual(["Allow list and watch of sites in tandem.dev in a ClusterRole, as tandem install writes it"]);
  healed();
  await opening;
  expect(world.store.problems()).toEqual([]);
  await world.close();
});

test("an API server that gives no lists as streams is read page by page", async () => {
  const healed = cluster.faults.add({ match: { verb: "watch" }, answer: { kind: "status", status: 400 } });
  const world = await openKubeWorld(used);
  await world.store.open();
  healed();
  expect(world.store.targetedServices()).toEqual([]);
  await world.close();
});

// The last one: it is about what the others have asked for.
test("a gateway may do what it does, and nothing without a reason", () => {
  expect(
    superfluous(
      "gateway",
      cluster.requests.filter(({ user }) => user === GATEWAY),
    ),
  ).toEqual([]);
});

function manifestOf(kind: "Service" | "FailoverPolicy", namespace: string): Manifest {
  const metadata = { name: "web", namespace };
  if (kind === "Service")
    return {
      apiVersion: "v1",
      kind,
      metadata,
      spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80 }] },
    };
  const spec = { targetRefs: [{ kind: "Service", name: "web" }], sites: [{ name: "west" }] };
  return { apiVersion: "tandem.dev/v1alpha1", kind, metadata, spec };
}
