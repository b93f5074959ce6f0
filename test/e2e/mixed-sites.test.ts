/**
 * A cluster and a site of manifests are each other's second home, joined by a token of the cluster.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { startLoadAt } from "../../src/apps/lab/network/load.ts";
import { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { ClusterSite, SOURCES } from "./cluster-site.ts";

const run = promisify(execFile);

const WEB = "127.74.9.80:8080";
/** Of the site of manifests: its gateway, where that serves the Service to clients, and the Service's process. */
const GATEWAY = "127.74.2.101";
const SERVED = `${GATEWAY}:10080`;
const ENDPOINT = "127.74.2.1";

const POLICY = {
  targetRefs: [{ kind: "Service", name: "web" }],
  sites: [{ name: "west" }, { name: "south" }],
  healthCheck: { http: { path: "/healthz" } },
  profile: "fast",
  retry: { perTryTimeout: "250ms" },
  failback: { holdDown: "1s" },
};

let directory: string;
let processes: LabProcesses;
let west: ClusterSite;
let proxy: KubeProxy;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "td-"));
  processes = new LabProcesses(directory);
  west = await ClusterSite.start({ name: "west", prefix: "127.74.1", directory, processes });
  proxy = await KubeProxy.start({
    access: west.cluster.access(),
    forwards: [{ namespace: "shop", service: "web", port: "http", listen: WEB }],
  });
  west.advertise(1);
  await west.startController("1");
  await west.startGateway(1);
  await startSouth();
}, 120_000);

afterAll(async () => {
  await proxy.close();
  await west.adoptEnvoys();
  await processes.endAll();
  await west.cluster.close();
  await rm(directory, { recursive: true });
});

const state = (): string => join(directory, "south-1");
const manifests = (): string => join(directory, "south");

const tandem = async (...args: readonly string[]): Promise<string> =>
  (await run(process.execPath, [SOURCES.tandem, ...args])).stdout;

async function startSouth(): Promise<void> {
  const place = ["--site", manifests(), "--state", state()];
  await tandem("site", "init", "--name", "south", "--gateway", `south-1=${GATEWAY}`, ...place);
  await writeFile(
    join(manifests(), "web.yaml"),
    objectsOfSouth()
      .map((one) => stringify(one))
      .join("---\n"),
  );
  await startEndpoint();
  await processes.start("agent/south-1", [SOURCES.tandem, "agent", ...place]);
  await processes.start("gateway/south-1", [
    SOURCES.tandem,
    "gateway",
    "run",
    "--state",
    state(),
    "--concurrency",
    "1",
  ]);
}

async function startEndpoint(): Promise<void> {
  const about = ["--site", "south", "--name", "web-1", "--address", ENDPOINT, "--http", "8080"];
  await processes.start("endpoint/south", [SOURCES.backend, ...about]);
}

/** As a person writes them. */
function objectsOfSouth(): readonly object[] {
  const metadata = { name: "web", namespace: "shop" };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, annotations: { "tandem.dev/listen": "10080" } },
      spec: { ports: [{ name: "http", port: 80, appProtocol: "http" }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: [{ addresses: [ENDPOINT] }],
    },
    { apiVersion: "tandem.dev/v1alpha1", kind: "FailoverPolicy", metadata, spec: POLICY },
  ];
}

/** Sends GETs, and does something when answers have come for a second. */
async function loadWith(address: string, act: () => Promise<unknown>): Promise<SummaryLine> {
  let acting: Promise<unknown> | undefined;
  const load = { protocol: "http", method: "GET", rate: 200, durationMs: 3_000 } as const;
  const { summary } = startLoadAt([{ address }], load, (line) => {
    if (line.type === "progress" && line.atMs >= 1_000) acting ??= act();
  });
  const found = await summary;
  await acting;
  return found;
}

test("a site of manifests joins a cluster with the cluster's token", async () => {
  const token = join(directory, "south.token");
  await west.cluster.until((now) => now.read("/secrets", "tandem-authority", "tandem-system") !== undefined);
  await tandem("token", "create", "--for", "south", "--kubeconfig", west.kubeconfig("admin"), "--out", token);
  await expect
    .poll(async () => tandem("join", token, "--state", state()).then(() => "joined"), {
      timeout: 30_000,
      interval: 200,
    })
    .toBe("joined");
  west.protect({ ...POLICY, mode: "Gateway" });
  await west.untilHeld(1);
  await west.cluster.until(() => west.condition("Protected")?.status === "True");
  await expect.poll(healthyInWest, { timeout: 30_000, interval: 100 }).toBe(1);
}, 90_000);

/** West's gateways that south finds healthy. */
async function healthyInWest(): Promise<number | undefined> {
  const { services } = JSON.parse(await tandem("status", "-o", "json", "--state", state())) as {
    readonly services: readonly { readonly sites: readonly { readonly name: string; readonly healthy: number }[] }[];
  };
  return services[0]?.sites.find(({ name }) => name === "west")?.healthy;
}

test("the cluster's pods are killed: the site of manifests serves its clients, and no GET fails", async () => {
  await proxy.until(
    (now) => now.targets(WEB).length === 1 && now.targets(WEB)[0]?.startsWith(west.address(101)) === true,
  );
  const summary = await loadWith(WEB, () => west.killPods());
  await west.revivePods();
  expect(summary.failures).toEqual({});
  expect(summary.servedBy["south"]).toBeGreaterThan(0);
  await west.cluster.until(() => west.status()["servingSite"] === "west" && west.status()["healthy"] === "3/3");
}, 60_000);

test("the other way round: the cluster serves the clients of the site of manifests", async () => {
  const summary = await loadWith(SERVED, () => processes.kill(processes.find("endpoint/south")));
  expect(summary.failures).toEqual({});
  expect(summary.servedBy["south"]).toBeGreaterThan(0);
  expect(summary.servedBy["west"]).toBeGreaterThan(0);
}, 60_000);
