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
import { Controller } from "../../src/apps/controller/index.ts";
import type { KubeObject } from "../../src/adapters/kube/kube-resource.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions } from "./kube-world.ts";

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
let stateDirectory: string;
let gateway: Gateway;
const controllers: Controller[] = [];

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ allowLoopback: true, namespaces: ["shop", "tandem-system"] });
  directory = await mkdtemp(join(tmpdir(), "tandem-controller-"));
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  client = await connect(kubeconfig);
  await installDefinitions(client);
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

function seedService(name: string): void {
  cluster.seed(
    "/services",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels: { team: "shop" } },
      spec: {
        selector: { app: name, tier: "front" },
        ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }],
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
      spec: { nodeName: "node-1", containers: [{ name: "web", image: "web" }] },
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

async function startController(identity = "one"): Promise<Controller> {
  const controller = await Controller.start({
    client,
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
    log: { info: () => {}, warn: () => {}, error: () => {} },
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
  expect(cluster.requests.filter(({ verb }) => verb === "list")).toEqual([]);
});
