/**
 * Two clusters whose gateways and controllers set themselves up, joined by a token: nothing was prepared by hand.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { startLoadAt } from "../../src/apps/lab/network/load.ts";
import { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { CONTROLLER, GATEWAY } from "../install/accounts.ts";
import { formatGranted, grantedTo, makesUseOf, REASONS } from "../install/granted.ts";
import { ClusterSite } from "./cluster-site.ts";

const TANDEM = fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url));
const run = promisify(execFile);
const SERVICE_ADDRESS = "127.72.9.80:8080";

let directory: string;
let processes: LabProcesses;
let west: ClusterSite;
let east: ClusterSite;
let proxy: KubeProxy;

const tandem = (...args: readonly string[]): Promise<unknown> => run(process.execPath, [TANDEM, ...args]);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "td-"));
  processes = new LabProcesses(directory);
  const site = (name: string, prefix: string): Promise<ClusterSite> =>
    ClusterSite.start({ name, prefix, directory, processes });
  [west, east] = await Promise.all([site("west", "127.72.1"), site("east", "127.72.2")]);
  proxy = await KubeProxy.start({
    access: west.cluster.access(),
    forwards: [{ namespace: "shop", service: "web", port: "http", listen: SERVICE_ADDRESS }],
  });
  for (const one of [west, east]) {
    one.advertise(1, 2);
    await one.startController("1");
    for (const number of [1, 2]) await one.startGateway(number);
  }
}, 120_000);

afterAll(async () => {
  await proxy.close();
  await west.adoptEnvoys();
  await processes.endAll();
  await Promise.all([west.cluster.close(), east.cluster.close()]);
  await rm(directory, { recursive: true });
});

/** Sends GETs to the Service's address; does something when answers have come for a while, and goes on for as long after it. */
async function loadAround(act: () => Promise<unknown>): Promise<SummaryLine> {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  let actedAt = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  const load = { protocol: "http", method: "GET", rate: 200, durationMs: 300_000 } as const;
  const running = startLoadAt([{ address: SERVICE_ADDRESS }], load, (line) => {
    if (line.type !== "progress") return;
    lastMs = line.atMs;
    if (lastMs >= 1_000) begun.resolve();
    if (lastMs >= actedAt + 2_000) over.resolve();
  });
  await Promise.race([begun.promise, running.summary]);
  await act();
  actedAt = lastMs;
  await Promise.race([over.promise, running.summary]);
  running.stop();
  return running.summary;
}

test("gateways get their certificates from the cluster, clusters join by a token, and both sites are homes of a Service", async () => {
  const token = join(directory, "east.token");
  for (const { cluster } of [west, east])
    await cluster.until((now) => now.read("/secrets", "tandem-authority", "tandem-system") !== undefined);
  await tandem("token", "create", "--for", "east", "--kubeconfig", west.kubeconfig("admin"), "--out", token);
  await untilRedeemed(token);
  const policy = {
    targetRefs: [{ kind: "Service", name: "web" }],
    mode: "Gateway",
    sites: [{ name: "west" }, { name: "east" }],
    healthCheck: { http: { path: "/healthz" } },
    profile: "fast",
    retry: { perTryTimeout: "250ms" },
    failback: { holdDown: "1s" },
  };
  for (const one of [west, east]) one.protect(policy);
  await Promise.all([west.untilHeld(1, 2), east.untilHeld(1, 2)]);
  await west.cluster.until(() => west.condition("Protected")?.status === "True");
  await expect(tandem("join", token, "--kubeconfig", east.kubeconfig("admin"))).rejects.toMatchObject({
    stderr: expect.stringContaining("used") as string,
  });
}, 120_000);

/** Joins, as soon as the gateways have opened their door. */
async function untilRedeemed(token: string): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      await tandem("join", token, "--kubeconfig", east.kubeconfig("admin"));
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

test("every pod is killed, and no GET fails", async () => {
  await proxy.until((now) => now.targets(SERVICE_ADDRESS).length === 2);
  const summary = await loadAround(() => west.killPods());
  for (const index of [1, 2, 3]) await west.startPod(index);
  expect(summary.failures).toEqual({});
  expect(summary.servedBy["east"]).toBeGreaterThan(0);
}, 60_000);

test("all gateways are replaced one after another under load: no GET fails", async () => {
  const summary = await loadAround(async () => {
    await west.startGateway(3);
    await west.untilHeld(1, 2, 3);
    await west.stopGateway(1);
    await west.untilHeld(2, 3);
    await west.startGateway(4);
    await west.untilHeld(2, 3, 4);
    await west.stopGateway(2);
    await west.untilHeld(3, 4);
  });
  expect(summary.failures).toEqual({});
}, 300_000);

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
      why.includes("installed-clusters") ? permissions : [],
    );
    expect(unused.map(formatGranted).filter((one) => reasons.includes(one))).toEqual([]);
  }
});
