import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, type Server as TcpServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../src/adapters/pki/certificate-authority.ts";
import { createStateDirectory, writeGatewayRecord } from "../../src/adapters/state/state-directory.ts";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import { trustDomain } from "../../src/model/identity.ts";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { releaseServices } from "../../src/apps/cli/cluster/release.ts";
import { Turnstile } from "../../src/runtime/turnstile.ts";
import { Controller } from "../../src/apps/controller/index.ts";
import type { KubeObject } from "../../src/adapters/kube/kube-resource.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { planRemoval, removeInstallation } from "../../src/apps/cli/cluster/removal.ts";
import { processTimer } from "../../src/apps/cli/commands/process.ts";
import { EXAMPLE } from "../install/example.ts";
import type { AuditEntry } from "../kube/http/audit.ts";
import { CONTROLLER, grantPermissions, USERS } from "../install/accounts.ts";
import { superfluous } from "../install/granted.ts";
import { connect, installDefinitions, removeDefinitions } from "./kube-world.ts";

const SLICES = "discovery.k8s.io/endpointslices";
const GATEWAY = "127.69.0.1";

/** A gateway as far as a controller sees one: a ready listener, and one for each Service. */
class Gateway {
  readonly #address: string;
  #ready: Server | undefined;
  readonly #listeners = new Map<number, TcpServer>();

  constructor(address: string) {
    this.#address = address;
  }

  async start(): Promise<void> {
    const ready = createHttpServer((_request, response) => response.end());
    await new Promise<void>((resolve) => ready.listen(15_021, this.#address, resolve));
    this.#ready = ready;
  }

  async listen(port: number): Promise<void> {
    if (this.#listeners.has(port)) return;
    const server = createServer((socket) => socket.destroy());
    this.#listeners.set(port, server);
    await new Promise<void>((resolve) => server.listen(port, this.#address, resolve));
  }

  async kill(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    ready?.closeAllConnections();
    const all: { close(done: () => void): unknown }[] = [...this.#listeners.values()];
    if (ready !== undefined) all.push(ready);
    this.#listeners.clear();
    await Promise.all(all.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }
}

let cluster: SimulatedCluster;
let directory: string;
let client: KubeClient;
/** With the permissions that an installation gives a controller, and no others. */
let ownClient: KubeClient;
let stateDirectory: string;
let gateway: Gateway;
const controllers: Controller[] = [];
/** All that controllers have asked for, in all tests. */
const asked: AuditEntry[] = [];

beforeEach(async () => {
  const namespaces = ["shop", "tandem-system"];
  cluster = await SimulatedCluster.start({ allowLoopback: true, namespaces, users: USERS });
  grantPermissions(cluster);
  directory = await mkdtemp(join(tmpdir(), "tandem-controller-"));
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  client = await connect(kubeconfig);
  await installDefinitions(client);
  const ownKubeconfig = join(directory, "controller.kubeconfig");
  await writeFile(ownKubeconfig, cluster.kubeconfig({ user: CONTROLLER }), { mode: 0o600 });
  ownClient = await connect(ownKubeconfig);
  stateDirectory = await createIdentity(join(directory, "state"));
  gateway = new Gateway(GATEWAY);
  await gateway.start();
  cluster.seed("tandem.dev/sites", {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "Site",
    metadata: { name: "west" },
    spec: { gateways: [{ name: "west-1", address: GATEWAY, port: 15_443 }] },
  });
  seedService("web");
  seedPod("web-1", "web", "127.69.1.1");
  await cluster.until((now) => readyAddresses(now, "web").length === 1);
});

afterEach(async () => {
  await Promise.all(controllers.splice(0).map((controller) => controller.close()));
  await gateway.kill();
  asked.push(...cluster.requests.filter(({ user }) => user === CONTROLLER));
  await cluster.close();
  await rm(directory, { recursive: true });
});

/** Who the controller is to agents, of whom there are none here. */
async function createIdentity(root: string): Promise<string> {
  const paths = await createStateDirectory(root);
  const authority = await createAuthority(trustDomain("west"), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site: "west", gateway: "controller-1", issuer: true });
  return root;
}

function seedService(name: string, spec: JsonObject = {}): void {
  cluster.seed(
    "/services",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels: { team: "shop" } },
      spec: {
        selector: { app: name, tier: "front" },
        ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }],
        ...spec,
      },
    },
    "shop",
  );
}

function seedPod(name: string, app: string, ip: string): void {
  cluster.seed(
    "/pods",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app, tier: "front" } },
      spec: {
        nodeName: "node-1",
        containers: [{ name: "web", image: "web", readinessProbe: { httpGet: { path: "/ready", port: 8080 } } }],
      },
      status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: [{ type: "Ready", status: "True" }] },
    },
    "shop",
  );
}

function seedPolicy(mode: "Direct" | "Gateway", name = "web"): void {
  cluster.seed(
    "tandem.dev/failoverpolicies",
    {
      apiVersion: "tandem.dev/v1alpha1",
      kind: "FailoverPolicy",
      metadata: { name },
      spec: { targetRefs: [{ kind: "Service", name }], mode, sites: [{ name: "west" }, { name: "east" }] },
    },
    "shop",
  );
}

async function startController(identity = "one", failed: (event: string) => void = () => {}): Promise<Controller> {
  const controller = await Controller.start({
    client: ownClient,
    electionClient: ownClient,
    stateDirectory,
    namespace: "tandem-system",
    drainMs: 200,
    identity,
    clock: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    monotonic: () => performance.now(),
    random: Math.random,
    log: { info: () => {}, warn: () => {}, error: failed },
  });
  controllers.push(controller);
  return controller;
}

type Stored = ReturnType<SimulatedCluster["read"]>;

function labelOf(object: Stored, label: string): unknown {
  return (object?.metadata["labels"] as Record<string, unknown> | undefined)?.[label];
}

function specOf(object: Stored): Readonly<Record<string, unknown>> {
  return (object?.["spec"] ?? {}) as Record<string, unknown>;
}

function annotationOf(object: Stored, annotation: string): unknown {
  return (object?.metadata["annotations"] as Record<string, unknown> | undefined)?.[annotation];
}

/** Fulfilled once nothing is left of what was made for a Service, also by Kubernetes. */
async function released(): Promise<void> {
  await cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") === undefined);
  await cluster.until(
    (now) => !now.list(SLICES, "shop").some((slice) => labelOf(slice, "tandem.dev/origin-of") !== undefined),
  );
  await cluster.until((now) => readyAddresses(now, "web").join() === "127.69.1.1");
}

/** Addresses that kube-proxy would use for a Service. */
function readyAddresses(now: SimulatedCluster, service: string): readonly string[] {
  const slices = now.list(SLICES, "shop").filter((slice) => labelOf(slice, "kubernetes.io/service-name") === service);
  return slices.flatMap((slice) =>
    ((slice["endpoints"] ?? []) as unknown as readonly { addresses: string[]; conditions?: { ready?: boolean } }[])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses),
  );
}

/** A condition of a policy's status. */
function conditionOf(policy: string, type: string): Readonly<Record<string, unknown>> | undefined {
  const status = cluster.read("tandem.dev/failoverpolicies", policy, "shop")?.["status"] as
    | { readonly conditions?: readonly Readonly<Record<string, unknown>>[] }
    | undefined;
  return status?.conditions?.find((condition) => condition["type"] === type);
}

const selector = (): unknown => specOf(cluster.read("/services", "web", "shop"))["selector"];
const isHeld = (): boolean => Object.hasOwn((selector() ?? {}) as object, "tandem.dev/held");

/** Starts the gateway's listener once the controller has said which it is. */
async function listenAsAllotted(service = "web"): Promise<void> {
  const listen = await cluster.until((now) =>
    annotationOf(now.read("/services", `${service}-tandem-origin`, "shop"), "tandem.dev/listen"),
  );
  await gateway.listen(Number(String(listen).split("=")[1]));
}

/** Everything that a person sees of the Service and its surroundings, without what changes with every write. */
function picture(): unknown {
  const plain = (object: KubeObject): unknown => {
    const {
      managedFields: _m,
      resourceVersion: _v,
      generation: _g,
      annotations,
      ...metadata
    } = object.metadata as Record<string, unknown>;
    const { ["endpoints.kubernetes.io/last-change-trigger-time"]: _t, ...kept } = (annotations ?? {}) as Record<
      string,
      unknown
    >;
    return { ...object, metadata: { ...metadata, annotations: kept } };
  };
  return {
    services: cluster.list("/services", "shop").map((object) => plain(object as unknown as KubeObject)),
    slices: cluster.list(SLICES, "shop").map((object) => plain(object as unknown as KubeObject)),
  };
}

test("Gateway mode: the Service goes to the gateways, and back to exactly what it was when the policy is deleted", async () => {
  const before = picture();
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  expect(readyAddresses(cluster, "web-tandem-origin")).toEqual(["127.69.1.1"]);
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await released();
  expect(picture()).toEqual(before);
});

test("a policy that is not valid takes nothing back, also from a controller that never saw it valid", async () => {
  const first = await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  await first.close();
  const path = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
  // What another version's definition may take and this one does not know.
  const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/failoverpolicies.tandem.dev";
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const versions = [{ name: "v1alpha1", served: true, storage: true, subresources: { status: {} }, schema }];
  const bodyType = "application/merge-patch+json";
  await client.request({ method: "PATCH", path: definition, body: { spec: { versions } }, bodyType });
  await client.request({ method: "PATCH", path, body: { spec: { strategy: "Spread" } }, bodyType });
  const errors: string[] = [];
  await startController("two", (event) => errors.push(event));
  await expect.poll(() => errors).toContain("takeover_not_worked_out");
  expect([isHeld(), readyAddresses(cluster, "web")]).toEqual([true, [GATEWAY]]);
  await client.request({ method: "PATCH", path, body: { spec: { strategy: null } }, bodyType });
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await released();
});

test("at every moment of both ways somebody serves", async () => {
  await startController();
  const served: number[] = [];
  const watching = cluster.until((now) => {
    served.push(readyAddresses(now, "web").length);
    return false;
  });
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  const held = served.length;
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") === undefined);
  expect(served.slice(held).filter((count) => count === 0)).toEqual([]);
  expect(watching).toBeInstanceOf(Promise);
});

test("Direct mode prepares and leaves the Service alone", async () => {
  await startController();
  seedPolicy("Direct");
  await listenAsAllotted();
  await cluster.until((now) => now.read(SLICES, "web-tandem-ipv4", "shop")?.["endpoints"] !== undefined);
  expect([isHeld(), readyAddresses(cluster, "web")]).toEqual([false, ["127.69.1.1"]]);
});

function seedNetworkPolicy(name: string, podSelector: JsonObject): void {
  const spec = { podSelector, policyTypes: ["Ingress"] };
  const kind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
  cluster.seed("networking.k8s.io/networkpolicies", { ...kind, metadata: { name }, spec }, "shop");
}

test("a Service is given back when a NetworkPolicy says who may come to its pods, unless that is allowed", async () => {
  await startController();
  // Whether it is about these pods their labels say, and not the Service.
  seedNetworkPolicy("other", { matchLabels: { version: "2" } });
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld());
  seedNetworkPolicy("closed", { matchLabels: { tier: "front" } });
  await cluster.until(() => conditionOf("web", "Accepted")?.["reason"] === "NetworkPolicy");
  expect(conditionOf("web", "Accepted")?.["message"]).toContain("shop/closed");
  await released();
  const path = "/api/v1/namespaces/shop/services/web";
  const body = { metadata: { annotations: { "tandem.dev/allow": "NetworkPolicy" } } };
  await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
  await cluster.until(() => isHeld());
});

test("a Service in a namespace whose mesh lets nobody else in is left alone", async () => {
  await startController();
  const namespace = cluster.read("/namespaces", "shop");
  const annotations = { "linkerd.io/inject": "enabled", "config.linkerd.io/default-inbound-policy": "deny" };
  cluster.seed("/namespaces", { ...namespace, metadata: { name: "shop", annotations } } as unknown as JsonObject);
  seedPolicy("Gateway");
  await cluster.until(() => conditionOf("web", "Accepted")?.["reason"] === "StrictMeshMtls");
  expect(isHeld()).toBe(false);
});

test("a policy says why its Service is left alone, once as an Event, and takes it back", async () => {
  await startController();
  seedService("alone", { clusterIP: "None" });
  seedPolicy("Gateway", "alone");
  const accepted = (): unknown => conditionOf("alone", "Accepted")?.["reason"];
  await cluster.until(() => accepted() === "Headless");
  const events = cluster.list("/events", "shop").filter((event) => event["reason"] === "NotAccepted");
  expect(events.map((event) => (event["involvedObject"] as Record<string, unknown>)["name"])).toEqual(["alone"]);
  cluster.remove("/services", "alone", "shop");
  await cluster.until(() => accepted() === "ServiceNotFound");
});

test("gateways are told the pods' readiness probe where the policy has no check", async () => {
  await startController();
  seedPolicy("Direct");
  const told = (): unknown => annotationOf(cluster.read("/services", "web-tandem-origin", "shop"), "tandem.dev/check");
  await cluster.until(
    () => told() === '{"http":{"path":"/ready","port":8080},"unhealthyThreshold":2,"healthyThreshold":1}',
  );
  const path = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
  const body = { spec: { healthCheck: { http: { path: "/healthz" } } } };
  await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
  await cluster.until(() => told() === undefined);
});

test("nothing is held before a gateway takes connections for the Service", async () => {
  await startController();
  seedPolicy("Gateway");
  await cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") !== undefined);
  expect(isHeld()).toBe(false);
  await listenAsAllotted();
  await cluster.until(() => isHeld());
});

test("with the last gateway gone the Service is its own again, and held again when one is back", async () => {
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  await gateway.kill();
  await cluster.until(() => !isHeld() && readyAddresses(cluster, "web").join() === "127.69.1.1");
  await gateway.start();
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
});

test("a selector that somebody sets is the new original", async () => {
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld());
  const path = "/api/v1/namespaces/shop/services/web";
  const body = { spec: { selector: { "tandem.dev/held": null, app: "other" } } };
  await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
  await cluster.until((now) => {
    const spec = specOf(now.read("/services", "web-tandem-origin", "shop"));
    return isHeld() && JSON.stringify(spec["selector"]) === '{"app":"other"}';
  });
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") === undefined);
  expect(selector()).toEqual({ app: "other" });
});

test("who sets the selector again and again is named, answered twice at once and then no more at once", async () => {
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  const path = "/api/v1/namespaces/shop/services/web";
  const revert = async (): Promise<void> => {
    const body = { spec: { selector: { "tandem.dev/held": null, app: "web", tier: "front" } } };
    const query = { fieldManager: "gitops" };
    await client.request({ method: "PATCH", path, query, body, bodyType: "application/merge-patch+json" });
  };
  for (let times = 0; times < 3; times += 1) {
    await cluster.until(() => isHeld());
    await revert();
  }
  await cluster.until(() => conditionOf("web", "Degraded")?.["reason"] === "SelectorReverted");
  expect(conditionOf("web", "Degraded")?.["message"]).toContain("gitops has set spec.selector of Service web");
  expect(isHeld()).toBe(false);
  const told = cluster.list("/events", "shop").filter((event) => event["reason"] === "Degraded");
  expect(told[0]?.["message"]).toContain("/spec/selector");
});

test.each(["services", "endpointslices"])(
  "the write of %s that is lost is made up for, also by another replica after the leader is gone",
  async (resource) => {
    const first = await startController("one");
    await startController("two");
    seedPolicy("Gateway");
    await cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") !== undefined);
    const healed = cluster.faults.add({
      match: { verb: "patch", resource, namespace: "shop" },
      answer: { kind: "cut" },
    });
    await listenAsAllotted();
    const wasTried = (): boolean =>
      cluster.requests.some((one) => one.verb === "patch" && one.resource === resource && one.namespace === "shop");
    // Requests are no changes of objects: the Leases are, twice a second.
    await cluster.until(() => wasTried());
    await first.close();
    healed();
    await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  },
);

test("what a controller that was killed left behind without a policy is cleaned up by the next one", async () => {
  const before = picture();
  const first = await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  await first.close();
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await startController("two");
  await released();
  expect(picture()).toEqual(before);
});

test("a policy that is paused counts as none until the pause is taken back", async () => {
  const before = picture();
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld());
  await pause("true");
  await released();
  expect(picture()).toEqual(before);
  await pause(null);
  await listenAsAllotted();
  await cluster.until(() => isHeld());
});

test("a release from a laptop is not undone by a controller that runs", async () => {
  const before = picture();
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  const report = await releaseServices(
    { services: ["shop/web"] },
    {
      client,
      clock: {
        now: () => Date.now(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      random: Math.random,
      fieldManager: "tandem-cli",
      drainMs: 0,
      deadline: new AbortController().signal,
      turnstile: new Turnstile(1),
    },
    { paused: () => {}, began: () => {}, ended: () => {} },
  );
  expect(report).toMatchObject({ services: [{ outcome: "Released" }], problems: [] });
  await released();
  expect(picture()).toEqual(before);
  await cluster.until((now) =>
    JSON.stringify(now.read("tandem.dev/failoverpolicies", "web", "shop")?.["status"]).includes('"reason":"Paused"'),
  );
  expect(isHeld()).toBe(false);
});

test("with the definitions gone under a running controller, every Service is what it was", async () => {
  const before = picture();
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  const names = cluster.list("apiextensions.k8s.io/customresourcedefinitions").map(({ metadata }) => metadata.name);
  await removeDefinitions(client, names);
  await released();
  expect(picture()).toEqual(before);
});

async function pause(value: "true" | null): Promise<void> {
  const path = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
  const body = { metadata: { annotations: { "tandem.dev/paused": value } } };
  await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
}

test("a change of one Service among many costs the writes of that one", async () => {
  for (let index = 0; index < 100; index += 1) {
    seedService(`many-${index}`);
    seedPolicy("Gateway", `many-${index}`);
  }
  await startController();
  const origins = (): number =>
    cluster.list("/services", "shop").filter((one) => labelOf(one, "tandem.dev/origin-of")).length;
  await cluster.until(() => origins() === 100);
  cluster.forgetRequests();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  const writes = cluster.writes.filter(({ namespace }) => namespace === "shop");
  expect(writes.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`).toSorted()).toEqual([
    "create endpointslices ",
    "create services ",
    "patch endpointslices web-tandem-ipv4",
    "patch services web",
  ]);
  // Its own pods are looked at for their readiness probe.
  const lists = cluster.requests.filter(({ verb }) => verb === "list");
  expect(lists.map(({ resource }) => resource)).toEqual(["pods"]);
});

test("an API server that gives no lists as streams is read page by page", async () => {
  const healed = cluster.faults.add({ match: { verb: "watch" }, answer: { kind: "status", status: 400 } });
  const started = startController();
  const listed = (): number => cluster.requests.filter(({ verb }) => verb === "list").length;
  await expect.poll(listed).toBeGreaterThan(0);
  await started;
  healed();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
});

test("the record that guards an installation says what is held, and that nothing is any more", async () => {
  const record = (): unknown => cluster.read("/configmaps", "tandem-held", "tandem-system")?.["data"];
  const says = (count: string, services: string): Promise<unknown> =>
    cluster.until(() => JSON.stringify(record()) === JSON.stringify({ count, services }));
  await startController();
  await says("0", "");
  seedPolicy("Gateway");
  await listenAsAllotted();
  await says("1", "shop/web");
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await says("0", "");
});

test("a controller that is limited to namespaces switches Services there", async () => {
  cluster.remove("rbac.authorization.k8s.io/clusterrolebindings", "tandem-controller-services");
  grantPermissions(cluster, { ...EXAMPLE, namespaces: ["shop"] });
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await released();
});

test("tandem uninstall gives every Service back beside a controller that runs, and removes the rest then", async () => {
  // Its permissions go with the installation, and are no part of what is counted here.
  ownClient = client;
  await startController();
  seedPolicy("Gateway");
  await listenAsAllotted();
  await cluster.until(() => isHeld() && readyAddresses(cluster, "web").join() === GATEWAY);
  const clock = { now: () => Date.now(), after: processTimer };
  const tools = { client, clock, progress: () => {}, timeoutMs: 60_000 };
  const removal = await planRemoval(client, "tandem-system");
  const removed = await removeInstallation(tools, removal, { namespace: "tandem-system", wait: true, now: true });
  expect([selector(), readyAddresses(cluster, "web")]).toEqual([{ app: "web", tier: "front" }, ["127.69.1.1"]]);
  expect(cluster.read("/services", "web-tandem-origin", "shop")).toBeUndefined();
  expect(removed).toContain("FailoverPolicy shop/web");
  expect(cluster.read("rbac.authorization.k8s.io/clusterroles", "tandem-controller")).toBeUndefined();
});

// The last one: it is about what the others have asked for.
test("a controller may do what it does, and nothing without a reason", () => {
  expect(asked.filter(({ status }) => status === 403)).toEqual([]);
  expect(superfluous("controller", asked)).toEqual([]);
});
