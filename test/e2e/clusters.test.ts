/**
 * Two clusters: simulated API servers and a stand-in for kube-proxy, and of Tandem everything real, with the permissions
 * that an installation gives and no others. Pods are processes on loopback addresses.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { type RunningLoad, startLoadAt } from "../../src/apps/lab/network/load.ts";
import { CONTROLLER, GATEWAY } from "../install/accounts.ts";
import { formatGranted, grantedTo, makesUseOf, REASONS } from "../install/granted.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { ClusterPair } from "./cluster-pair.ts";
import { type ClusterSite, HTTP, TCP } from "./cluster-site.ts";

/** Where clients in west find the Services. */
const WEB = "127.72.9.80:8080";
const ECHO = "127.72.9.81:7000";
const DIRECT = "127.72.9.82:8080";

const SITES = { sites: [{ name: "west" }, { name: "east" }] };
const FAST = { profile: "fast", failback: { holdDown: "1s" } };
const HTTP_CHECK = { healthCheck: { http: { path: "/healthz" } }, retry: { perTryTimeout: "250ms" } };
const WEB_POLICY = { ...SITES, ...FAST, ...HTTP_CHECK, mode: "Gateway" };

const ORIGIN_SLICES = "discovery.k8s.io/endpointslices";

let directory: string;
let pair: ClusterPair;
let west: ClusterSite;
let east: ClusterSite;
let proxy: KubeProxy;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "td-"));
  pair = await ClusterPair.start({ prefix: "127.72", directory });
  ({ west, east } = pair);
  for (const site of [west, east]) {
    site.addService("echo", TCP);
    site.addService("direct", HTTP);
  }
  proxy = await KubeProxy.start({
    access: west.cluster.access(),
    forwards: [
      { namespace: "shop", service: "web", port: "http", listen: WEB },
      { namespace: "shop", service: "echo", port: "tcp", listen: ECHO },
      { namespace: "shop", service: "direct", port: "http", listen: DIRECT },
    ],
  });
}, 120_000);

afterAll(async () => {
  await proxy.close();
  await pair.close();
  await rm(directory, { recursive: true });
});

/** Load that goes on until it is told to end. */
class Load {
  readonly #running: RunningLoad;
  #lastMs = 0;
  #wake = (): void => {};

  constructor(address: string, protocol: "http" | "tcp" = "http") {
    const load = { protocol, method: "GET", rate: protocol === "http" ? 300 : 50, durationMs: 300_000 } as const;
    this.#running = startLoadAt([{ address }], load, (line) => {
      if (line.type !== "progress") return;
      this.#lastMs = line.atMs;
      this.#wake();
    });
  }

  /** Fulfilled once it has gone on for so long. */
  async goOn(ms: number): Promise<void> {
    const end = this.#lastMs + ms;
    const over = this.#running.summary.then(() => "over");
    while (this.#lastMs < end) {
      const progress = new Promise<string>((resolve) => {
        this.#wake = () => resolve("progress");
      });
      if ((await Promise.race([progress, over])) === "over") return;
    }
  }

  async end(): Promise<SummaryLine> {
    this.#running.stop();
    return this.#running.summary;
  }
}

/** Sends load to Services, each for a second before something is done and for a while after it. */
async function loadAround(
  loads: readonly Load[],
  act: () => Promise<unknown>,
  afterMs = 1_500,
): Promise<SummaryLine[]> {
  await Promise.all(loads.map((load) => load.goOn(1_000)));
  await act();
  await Promise.all(loads.map((load) => load.goOn(afterMs)));
  return Promise.all(loads.map((load) => load.end()));
}

/** Requests to a Service on which nothing is done. */
async function ask(address: string): Promise<SummaryLine | undefined> {
  const [summary] = await loadAround([new Load(address)], () => Promise.resolve(), 500);
  return summary;
}

/** Whether a Service's clients are led to exactly these addresses. */
const leadsTo = (service: string, addresses: readonly string[]) => (): boolean => {
  const targets = new Set(proxy.targets(service).map((target) => target.split(":", 1)[0] ?? ""));
  return targets.size === addresses.length && addresses.every((address) => targets.has(address));
};

const pods = (...numbers: readonly number[]): readonly string[] => numbers.map((number) => west.address(number));
const gateways = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => west.address(100 + number));

test("gateways get their certificates from the cluster, clusters join by a token, and both are homes of a Service", async () => {
  const token = await pair.startTandem([1, 2]);
  await west.startController("2");
  for (const site of [west, east]) {
    site.protect(WEB_POLICY);
    site.protect({ ...SITES, ...FAST, mode: "Gateway", healthCheck: { tcp: {} } }, "echo");
    site.protect({ ...SITES, ...FAST, ...HTTP_CHECK, mode: "Direct" }, "direct");
  }
  await Promise.all([west.untilHeld(1, 2), east.untilHeld(1, 2)]);
  await west.cluster.until(() => west.condition("Protected")?.status === "True");
  await expect(pair.tandem("join", token, "--kubeconfig", east.kubeconfig("admin"))).rejects.toMatchObject({
    stderr: expect.stringContaining("used") as string,
  });
}, 120_000);

test("the Service's address leads to both gateways, and these to the pods of the own cluster", async () => {
  await proxy.until(leadsTo(WEB, gateways(1, 2)));
  const summary = await ask(WEB);
  expect([summary?.failures, Object.keys(summary?.servedBy ?? {})]).toEqual([{}, ["west"]]);
}, 60_000);

test("every pod is killed, and no GET fails", async () => {
  const [summary] = await loadAround([new Load(WEB)], () => west.killPods());
  await west.revivePods();
  expect(summary?.failures).toEqual({});
  expect(summary?.servedBy["east"]).toBeGreaterThan(0);
}, 60_000);

test("API server, controllers and an agent are gone when every pod is killed, and no GET fails; all is well when they are back", async () => {
  await west.cluster.until(() => west.status()["servingSite"] === "west" && west.status()["healthy"] === "3/3");
  await pair.processes.kill(pair.processes.find("controller/west", "agent/west-1"));
  await west.cluster.stop();
  const [summary] = await loadAround([new Load(WEB)], () => west.killPods());
  await west.cluster.restart();
  await west.revivePods();
  await west.startAgent(1);
  for (const replica of ["1", "2"]) await west.startController(replica);
  expect(summary?.failures).toEqual({});
  expect(summary?.servedBy["east"]).toBeGreaterThan(0);
  await west.cluster.until(() => west.status()["servingSite"] === "west" && west.status()["healthy"] === "3/3");
}, 60_000);

test("a controller and a gateway are killed: the gateway leaves the Service, and afterwards no connection fails", async () => {
  await proxy.until(leadsTo(WEB, gateways(1, 2)));
  await pair.processes.kill(pair.processes.find("controller/west/1"));
  await west.killGateway(1);
  await proxy.until(leadsTo(WEB, gateways(2)));
  expect((await ask(WEB))?.failures).toEqual({});
  await west.startController("1");
  await west.startGateway(1);
  await proxy.until(leadsTo(WEB, gateways(1, 2)));
}, 60_000);

test("a wrong check in both clusters moves nothing and is said; put right, it is no more", async () => {
  const wrong = { http: { path: "/healthz", port: 9 } };
  const [summary] = await loadAround([new Load(WEB)], async () => {
    for (const site of [west, east]) site.protect({ ...WEB_POLICY, healthCheck: wrong });
    for (const site of [west, east])
      await site.cluster.until(() => site.condition("Degraded")?.reason === "CheckSuspect");
  });
  expect([summary?.failures, Object.keys(summary?.servedBy ?? {})]).toEqual([{}, ["west"]]);
  for (const site of [west, east]) site.protect(WEB_POLICY);
  for (const site of [west, east]) await site.cluster.until(() => site.condition("Degraded")?.status === "False");
}, 60_000);

test("every pod is replaced by a new one under load, and no GET fails", async () => {
  const [summary] = await loadAround([new Load(WEB)], async () => {
    for (const old of [1, 2, 3]) {
      await west.startPod(old + 3);
      // As a rolling update waits for minReadySeconds: the new one serves before the next old one goes.
      await west.cluster.until(() => west.status()["healthy"] === "4/4");
      await west.removePod(old);
      await west.cluster.until(() => west.status()["healthy"] === "3/3");
    }
  });
  expect(summary?.failures).toEqual({});
  expect(west.cluster.list("/pods", "shop").map(({ metadata }) => metadata["name"])).toEqual([
    "web-4",
    "web-5",
    "web-6",
  ]);
}, 60_000);

test("Direct mode: nothing is in the way until every pod is dead; then another site serves, and after it the pods again", async () => {
  await proxy.until(leadsTo(DIRECT, pods(4, 5, 6)));
  expect(Object.keys((await ask(DIRECT))?.servedBy ?? {})).toEqual(["west"]);
  // The pods are those of the other Services, too, and were killed before.
  const [failovers, failbacks] = [west.told("FailedOver", "direct"), west.told("FailedBack", "direct")];
  await west.killPods();
  await proxy.until(leadsTo(DIRECT, gateways(1, 2)));
  const elsewhere = await ask(DIRECT);
  expect([elsewhere?.failures, Object.keys(elsewhere?.servedBy ?? {})]).toEqual([{}, ["east"]]);
  await west.cluster.until(() => west.status("direct")["traffic"] === "Gateways");
  expect(west.status("direct")).toMatchObject({
    servingSite: "east",
    healthy: "0/3",
    standby: "east 2/2",
    lastFailover: { from: "west", to: "east" },
  });
  await west.revivePods();
  await proxy.until(leadsTo(DIRECT, pods(4, 5, 6)));
  await west.cluster.until(
    () => west.told("FailedOver", "direct") > failovers && west.told("FailedBack", "direct") > failbacks,
  );
  const back = await ask(DIRECT);
  expect([back?.failures, Object.keys(back?.servedBy ?? {})]).toEqual([{}, ["west"]]);
}, 60_000);

test("all gateways are replaced one after another under load: no GET and no new connection fails", async () => {
  const [http, tcp] = await loadAround([new Load(WEB), new Load(ECHO, "tcp")], async () => {
    await west.startGateway(3);
    await west.untilHeld(1, 2, 3);
    await west.stopGateway(1);
    await west.untilHeld(2, 3);
    await west.startGateway(4);
    await west.untilHeld(2, 3, 4);
    await west.stopGateway(2);
    await west.untilHeld(3, 4);
  });
  expect([http?.failures, tcp?.failures]).toEqual([{}, {}]);
}, 300_000);

test("the policy is deleted under load: the Service is its own again, no GET fails, nothing of ours is left", async () => {
  const [summary] = await loadAround([new Load(WEB)], async () => {
    west.cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
    await west.cluster.until((now) => now.read("/services", "web-tandem-origin", "shop") === undefined);
  });
  expect(summary?.failures).toEqual({});
  expect(west.selector()).toEqual({ app: "web" });
  // The origin's own slices are Kubernetes' to collect.
  await west.cluster.until((now) =>
    now.list(ORIGIN_SLICES, "shop").every(({ metadata }) => !String(metadata["name"]).startsWith("web-tandem")),
  );
}, 60_000);

test("the namespace is deleted while Services of it are held: nothing is left, and what is made there anew is protected", async () => {
  expect(west.selector("echo")).toHaveProperty(["tandem.dev/held"]);
  west.cluster.remove("/namespaces", "shop");
  await west.cluster.until((now) => now.read("/namespaces", "shop") === undefined);
  await west.cluster.until(
    (now) => JSON.stringify(now.read("/configmaps", "tandem-held", "tandem-system") ?? {}).includes("echo") === false,
  );
  west.cluster.seed("/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  west.addService("web", HTTP);
  await west.revivePods();
  west.protect(WEB_POLICY);
  await west.untilHeld(3, 4);
  await proxy.until(leadsTo(WEB, gateways(3, 4)));
  expect((await ask(WEB))?.failures).toEqual({});
}, 60_000);

// The last one: it is about what the others have asked for.
test("nothing was refused to controllers and gateways, and what they are allowed for this is what they use", () => {
  const requests = [west, east].flatMap(({ cluster }) => cluster.requests);
  for (const [component, user] of [
    ["controller", CONTROLLER],
    ["gateway", GATEWAY],
  ] as const) {
    const asked = requests.filter((entry) => entry.user === user);
    expect(asked.filter(({ status }) => status === 403)).toEqual([]);
    const unused = grantedTo(component).filter((one) => !asked.some((entry) => makesUseOf(entry, one)));
    const reasons = (REASONS[component] ?? []).flatMap(([why, permissions]) =>
      why.includes("e2e/clusters") ? permissions : [],
    );
    expect(unused.map(formatGranted).filter((one) => reasons.includes(one))).toEqual([]);
  }
});
