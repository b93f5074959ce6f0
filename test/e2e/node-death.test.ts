/**
 * A node dies: its packets are lost, with those of a gateway, a pod and the leading controller on it. Needs root and
 * iproute2.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { startLoadAt } from "../../src/apps/lab/network/load.ts";
import { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { numberAt } from "../kube/api/json.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { ClusterSite } from "./cluster-site.ts";
import { closeNodeNetwork, NetworkNode, openNodeNetwork } from "./network-nodes.ts";

const SERVICE_ADDRESS = "127.73.9.80:8080";
const PREFIX = "10.213.1";
const MACHINE = `${PREFIX}.254`;

/** Far longer than the policy's `perTryTimeout`: what a gateway can still save is not lost to the client's impatience. */
const CLIENT_TIMEOUT_MS = 5_000;

/** The numbers of the addresses on each node: pods, and gateways from 101 on. */
const ON_NODE = [
  [1, 101],
  [2, 3, 102],
] as const;

let directory: string;
let processes: LabProcesses;
let nodes: readonly NetworkNode[];
let west: ClusterSite;
let proxy: KubeProxy;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "td-"));
  processes = new LabProcesses(directory);
  await openNodeNetwork(`${MACHINE}/24`);
  nodes = await Promise.all(
    ON_NODE.map((numbers, index) =>
      NetworkNode.open(
        index + 1,
        numbers.map((number) => `${PREFIX}.${number}/24`),
      ),
    ),
  );
  west = await ClusterSite.start({
    name: "west",
    prefix: PREFIX,
    directory,
    processes,
    api: `${MACHINE}:0`,
    nodeOf: (number) => nodes[ON_NODE.findIndex((numbers: readonly number[]) => numbers.includes(number))],
  });
  proxy = await KubeProxy.start({
    access: west.cluster.access(),
    forwards: [{ namespace: "shop", service: "web", port: "http", listen: SERVICE_ADDRESS }],
  });
  west.advertise(1, 2);
  // The first one leads, on the node that dies; the other one is on a node without gateways.
  await west.startController("1", nodes[0]);
  await west.cluster.until((now) => now.read("coordination.k8s.io/leases", "tandem-controller", "tandem-system"));
  await west.startController("2");
  for (const number of [1, 2]) await west.startGateway(number);
  west.protect({
    mode: "Gateway",
    sites: [{ name: "west" }],
    healthCheck: { http: { path: "/healthz" } },
    profile: "fast",
    retry: { perTryTimeout: "250ms" },
  });
  await west.untilHeld(1, 2);
  await proxy.until((now) => now.targets(SERVICE_ADDRESS).length === 2);
}, 120_000);

afterAll(async () => {
  await proxy?.close();
  await west?.adoptEnvoys();
  await processes.endAll();
  await closeNodeNetwork();
  await west?.cluster.close();
  await rm(directory, { recursive: true });
});

/** Sends GETs to addresses side by side, each at its rate a second; does something when answers have come from all, and goes on for 2 s after it. */
async function loadsAround(
  rates: Readonly<Record<string, number>>,
  act: () => Promise<unknown>,
): Promise<readonly SummaryLine[]> {
  const load = { protocol: "http", method: "GET", durationMs: 300_000, timeoutMs: CLIENT_TIMEOUT_MS } as const;
  const lastMs = Object.keys(rates).map(() => 0);
  let wake = (): void => {};
  const running = Object.entries(rates).map(([address, rate], index) =>
    startLoadAt([{ address }], { ...load, rate }, (line) => {
      if (line.type !== "progress") return;
      lastMs[index] = line.atMs;
      wake();
    }),
  );
  const until = async (ms: readonly number[]): Promise<void> => {
    while (lastMs.some((last, index) => last < (ms[index] ?? 0)))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  await until(lastMs.map(() => 1_000));
  await act();
  await until(lastMs.map((last) => last + 2_000));
  for (const one of running) one.stop();
  return Promise.all(running.map(({ summary }) => summary));
}

/** The gateways' listener of the Service. */
function listenPort(): number {
  const slice = west.cluster.read("discovery.k8s.io/endpointslices", "web-tandem-ipv4", "shop");
  return numberAt(slice, "ports", 0, "port") ?? 0;
}

test("a node dies with a gateway, a pod and the leader: no GET through the other gateway fails, and only connections to the dead one are lost", async () => {
  const [dead, living] = [101, 102].map((number) => `${west.address(number)}:${listenPort()}`) as [string, string];
  let before = 0;
  const [service, direct] = await loadsAround({ [SERVICE_ADDRESS]: 200, [living]: 50 }, async () => {
    before = proxy.opened(dead);
    await nodes[0]?.cutOff();
    await west.untilHeld(2);
    await proxy.until((now) => now.targets(SERVICE_ADDRESS).every((target) => target === living));
  });
  // A request that waits for a dead pod is sent to another one by the gateway, well within its client's time-out.
  expect(direct?.failures).toEqual({});
  // Whom kube-proxy led to the dead gateway hears nothing until a time-out of its own. There is one request at a time on
  // a connection, and none after that: so no more are lost than there were connections to that gateway.
  const lost = Object.values(service?.failures ?? {}).reduce((sum, count) => sum + count, 0);
  expect(lost).toBeLessThanOrEqual(proxy.opened(dead));
  expect(before).toBeGreaterThan(0);
}, 120_000);

test("afterwards the Service goes to the living gateway only, and no GET fails", async () => {
  const [summary] = await loadsAround({ [SERVICE_ADDRESS]: 200 }, () => Promise.resolve());
  expect([summary?.failures, summary?.warmupFailed]).toEqual([{}, 0]);
}, 60_000);

test("the node is back: its gateway serves again, and no GET fails meanwhile", async () => {
  const [summary] = await loadsAround({ [SERVICE_ADDRESS]: 200 }, async () => {
    await nodes[0]?.reconnect();
    await west.untilHeld(1, 2);
  });
  expect(summary?.failures).toEqual({});
}, 120_000);
