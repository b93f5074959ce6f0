/**
 * Two clusters: simulated API servers and kube-proxies, and of Tandem everything real: controllers, agents, Envoys, TLS.
 * Pods are processes on loopback addresses.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { breakIt, heal, parseTarget } from "../../src/apps/lab/network/faults.ts";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { ENDPOINT_PORTS, LAB_DEFAULTS, type LabSite } from "../../src/apps/lab/network/layout.ts";
import { startLoadAt } from "../../src/apps/lab/network/load.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { CONTROLLER, GATEWAY, grantPermissions, USERS } from "../install/accounts.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions } from "../contract/kube-world.ts";

const TANDEM = fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url));
const run = promisify(execFile);
const SERVICE_ADDRESS = "127.71.9.80:8080";
/** Of the Service in Direct mode, with the same pods. */
const DIRECT_ADDRESS = "127.71.9.81:8080";

/** A site of the lab as a cluster. */
interface ClusterSite {
  readonly site: LabSite;
  readonly cluster: SimulatedCluster;
  /** By account: each with the permissions that an installation gives it, and no others. */
  readonly kubeconfigs: Readonly<Record<"controller" | "gateway", string>>;
}

let lab: Lab;
let west: ClusterSite;
let east: ClusterSite;
let proxy: KubeProxy;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "td-"));
  // Joined as static sites: who trusts whom is the same.
  lab = await Lab.up(
    { ...LAB_DEFAULTS, directory, prefix: "127.71", profile: "fast", perTryTimeout: "250ms", holdDown: "1s" },
    () => {},
  );
  [west, east] = await Promise.all([openCluster(lab.sites[0]), openCluster(lab.sites[1])]);
  proxy = await KubeProxy.start({
    access: west.cluster.access(),
    forwards: [
      { namespace: "shop", service: "web", port: "http", listen: SERVICE_ADDRESS },
      { namespace: "shop", service: "direct", port: "http", listen: DIRECT_ADDRESS },
    ],
  });
  for (const [one, name] of CONTROLLERS()) {
    await enrolController(one, name);
    await startController(one, name);
  }
  for (const one of [west, east]) for (const { name } of one.site.gateways) await moveAgent(one, name);
  await untilHeld(west);
  await untilHeld(east);
}, 180_000);

afterAll(async () => {
  await proxy.close();
  await Lab.down(lab.options.directory);
  await Promise.all([west, east].map(({ cluster }) => cluster.close()));
});

async function openCluster(site: LabSite): Promise<ClusterSite> {
  const cluster = await SimulatedCluster.start({
    name: site.name,
    allowLoopback: true,
    namespaces: ["shop", "tandem-system"],
    users: USERS,
  });
  grantPermissions(cluster);
  const kubeconfigOf = async (user: string, file: string): Promise<string> => {
    const path = join(lab.options.directory, `${site.name}-${file}.kubeconfig`);
    await writeFile(path, cluster.kubeconfig({ user }), { mode: 0o600 });
    return path;
  };
  await installDefinitions(await connect(await kubeconfigOf("admin", "admin")));
  cluster.seed("tandem.dev/sites", await manifest(site, "site.yaml", "Site", site.name));
  for (const name of ["web", "direct"]) cluster.seed("/services", service(name), "shop");
  for (const { name, address } of site.endpoints) cluster.seed("/pods", pod(name, address), "shop");
  const policy = await manifest(site, "services.yaml", "FailoverPolicy", "web");
  for (const [name, mode] of [
    ["web", "Gateway"],
    ["direct", "Direct"],
  ] as const) {
    const spec = { ...(policy["spec"] as JsonObject), mode, targetRefs: [{ kind: "Service", name }] };
    cluster.seed("tandem.dev/failoverpolicies", { ...policy, metadata: { name }, spec }, "shop");
  }
  const kubeconfigs = {
    controller: await kubeconfigOf(CONTROLLER, "controller"),
    gateway: await kubeconfigOf(GATEWAY, "gateway"),
  };
  return { site, cluster, kubeconfigs };
}

function service(name: string): JsonObject {
  const port = { name: "http", port: 80, targetPort: ENDPOINT_PORTS.http, appProtocol: "http" };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: "web" }, ports: [port] },
  };
}

function pod(name: string, ip: string): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "web" } },
    spec: { nodeName: "node-1", containers: [{ name: "web", image: "web" }] },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** A manifest of the lab's static site. */
async function manifest(site: LabSite, file: string, kind: string, name: string): Promise<JsonObject> {
  const documents = parseAllDocuments(await readFile(join(site.manifests, file), "utf8")).map(
    (document) => document.toJS() as JsonObject,
  );
  const found = documents.find((one) => one["kind"] === kind && (one["metadata"] as JsonObject)["name"] === name);
  if (found === undefined) throw new Error(`${file} has no ${kind} ${name}`);
  return found;
}

/** Replicas, by their clusters. */
const CONTROLLERS = (): readonly (readonly [ClusterSite, string])[] => [
  [west, "one"],
  [west, "two"],
  [east, "one"],
];

const controllerState = ({ site }: ClusterSite, name: string): string =>
  join(lab.options.directory, `${site.name}-c-${name}`);

/** Gives a replica a certificate, as a gateway gets one. */
async function enrolController(one: ClusterSite, name: string): Promise<void> {
  const issuer = one.site.gateways[0]?.state ?? "";
  const token = join(lab.options.directory, "controller.token");
  await run(process.execPath, [TANDEM, "token", "create", "--gateway", `c-${name}`, "--out", token, "--state", issuer]);
  await run(process.execPath, [TANDEM, "gateway", "enrol", token, "--state", controllerState(one, name)]);
  await rm(token);
}

async function startController(one: ClusterSite, name: string): Promise<void> {
  const state = controllerState(one, name);
  const args = [TANDEM, "controller", "--kubeconfig", one.kubeconfigs.controller, "--state", state];
  await lab.processes.start(`controller/${one.site.name}-${name}`, args);
}

/** Ends the agent that reads files and starts one that reads the cluster, from the same state. */
async function moveAgent({ site, kubeconfigs }: ClusterSite, name: string): Promise<void> {
  const gateway = site.gateways.find((one) => one.name === name);
  if (gateway === undefined) throw new Error(`${site.name} has no gateway ${name}`);
  await lab.processes.kill(lab.processes.find(`agent/${name}`));
  await lab.processes.start(`agent/${name}`, [
    TANDEM,
    "agent",
    "--kubeconfig",
    kubeconfigs.gateway,
    "--state",
    gateway.state,
  ]);
}

/** The selector of a Service. */
function selectorOf(cluster: SimulatedCluster, name = "web"): object {
  const spec = (cluster.read("/services", name, "shop")?.["spec"] ?? {}) as { selector?: object };
  return spec.selector ?? {};
}

async function untilHeld({ cluster }: ClusterSite, name = "web"): Promise<void> {
  await cluster.until((now) => Object.hasOwn(selectorOf(now, name), "tandem.dev/held"));
}

const gatewayTargets = (): readonly string[] => lab.sites[0].gateways.map(({ address }) => address);

/** Sends GETs to the Service's address, and does something in the middle, when answers have come for a while. */
async function loadWith(
  durationMs: number,
  act: () => Promise<unknown>,
  address = SERVICE_ADDRESS,
): Promise<SummaryLine> {
  let acting: Promise<unknown> | undefined;
  const load = { protocol: "http", method: "GET", rate: 300, durationMs } as const;
  const { summary } = startLoadAt([{ address }], load, (line) => {
    if (line.type === "progress" && line.atMs >= 1_000) acting ??= act();
  });
  const found = await summary;
  await acting;
  return found;
}

test("the Service's address leads to both gateways, and these to the pods of the own cluster", async () => {
  await proxy.until((now) => {
    const targets = now.targets(SERVICE_ADDRESS);
    return (
      targets.length === 2 && gatewayTargets().every((address) => targets.some((one) => one.startsWith(`${address}:`)))
    );
  });
  const summary = await loadWith(1_500, () => Promise.resolve());
  expect(summary.failures).toEqual({});
  expect(Object.keys(summary.servedBy)).toEqual(["west"]);
}, 60_000);

test("every pod is killed, and no GET fails", async () => {
  const summary = await loadWith(4_000, () => breakIt(lab, parseTarget(lab, "west"), "crash"));
  await heal(lab, undefined);
  expect(summary.failures).toEqual({});
  expect(summary.servedBy["east"]).toBeGreaterThan(0);
}, 60_000);

test("API server and controllers are gone when every pod is killed, and no GET fails; all is well when they are back", async () => {
  await lab.processes.kill(lab.processes.find("controller"));
  await west.cluster.stop();
  const summary = await loadWith(4_000, () => breakIt(lab, parseTarget(lab, "west"), "crash"));
  await west.cluster.restart();
  await heal(lab, undefined);
  for (const [one, name] of CONTROLLERS()) await startController(one, name);
  expect(summary.failures).toEqual({});
  expect(summary.servedBy["east"]).toBeGreaterThan(0);
}, 60_000);

test("a controller and a gateway are killed: the gateway leaves the Service, and afterwards no connection fails", async () => {
  const [first = "", second = ""] = gatewayTargets();
  await proxy.until((now) => now.targets(SERVICE_ADDRESS).length === 2);
  await lab.processes.kill(lab.processes.find("controller/west-one"));
  await breakIt(lab, parseTarget(lab, "gateway/west-1"), "crash");
  await proxy.until((now) => now.targets(SERVICE_ADDRESS).every((one) => one.startsWith(`${second}:`)));
  const summary = await loadWith(1_500, () => Promise.resolve());
  expect(summary.failures).toEqual({});
  await heal(lab, undefined);
  await startController(west, "one");
  await proxy.until((now) => now.targets(SERVICE_ADDRESS).some((one) => one.startsWith(`${first}:`)));
}, 60_000);

test("the policy is deleted under load: the Service is its own again, no GET fails, nothing of ours is left", async () => {
  const policy = west.cluster.read("tandem.dev/failoverpolicies", "web", "shop");
  const summary = await loadWith(4_000, async () => {
    west.cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
    await west.cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") === undefined);
  });
  expect(summary.failures).toEqual({});
  expect(selectorOf(west.cluster)).toEqual({ app: "web" });
  // The origin's own slices are Kubernetes' to collect.
  await west.cluster.until((now) =>
    now
      .list("discovery.k8s.io/endpointslices", "shop")
      .every(({ metadata }) => !String(metadata["name"]).startsWith("web-tandem")),
  );
  west.cluster.seed("tandem.dev/failoverpolicies", { ...policy, metadata: { name: "web" } } as JsonObject, "shop");
  await untilHeld(west);
}, 60_000);

test("Direct mode: nothing is in the way until every pod is dead; then another site serves, and after it the pods again", async () => {
  const isTo = (addresses: readonly string[]) => (now: KubeProxy) => {
    const targets = now.targets(DIRECT_ADDRESS);
    return (
      targets.length > 0 && targets.every((target) => addresses.some((address) => target.startsWith(`${address}:`)))
    );
  };
  const pods = west.site.endpoints.map(({ address }) => address);
  await proxy.until(isTo(pods));
  expect((await loadWith(1_000, () => Promise.resolve(), DIRECT_ADDRESS)).servedBy).toEqual({ west: 300 });
  // The pods are those of the other Service, too, and were killed before.
  const told = (reason: string): number => eventsOf(west.cluster, "direct").filter((one) => one === reason).length;
  const [failovers, failbacks] = [told("FailedOver"), told("FailedBack")];
  await breakIt(lab, parseTarget(lab, "west"), "crash");
  await untilHeld(west, "direct");
  await proxy.until(isTo(gatewayTargets()));
  const elsewhere = await loadWith(1_000, () => Promise.resolve(), DIRECT_ADDRESS);
  expect([elsewhere.failures, elsewhere.servedBy]).toEqual([{}, { east: 300 }]);
  await west.cluster.until((now) => {
    const { servingSite, traffic, healthy } = statusOf(now, "direct");
    return servingSite === "east" && traffic === "Gateways" && healthy === "0/3";
  });
  expect(statusOf(west.cluster, "direct")).toMatchObject({
    standby: "east 2/2",
    lastFailover: { from: "west", to: "east" },
  });
  await heal(lab, undefined);
  await proxy.until(isTo(pods));
  await west.cluster.until(() => told("FailedOver") > failovers && told("FailedBack") > failbacks);
  const back = await loadWith(1_000, () => Promise.resolve(), DIRECT_ADDRESS);
  expect([back.failures, back.servedBy]).toEqual([{}, { west: 300 }]);
}, 60_000);

const statusOf = (cluster: SimulatedCluster, policy: string): JsonObject =>
  (cluster.read("tandem.dev/failoverpolicies", policy, "shop")?.["status"] ?? {}) as JsonObject;

/** Reasons of the Events of a policy. */
function eventsOf(cluster: SimulatedCluster, policy: string): readonly unknown[] {
  return cluster
    .list("/events", "shop")
    .filter((event) => (event["involvedObject"] as JsonObject)["name"] === policy)
    .map((event) => event["reason"]);
}
