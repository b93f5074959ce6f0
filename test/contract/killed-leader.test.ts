/**
 * A leader is killed between the two writes of a switch, which go out together: a real process, while the API server holds
 * one of them back. Whoever comes next brings the switch to its end, and what was held back does no harm when it is carried
 * out after all.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { KUBE_RESOURCES } from "../../src/adapters/kube/kube-resource.ts";
import { releaseServices } from "../../src/apps/cli/cluster/release.ts";
import { processTimer } from "../../src/apps/cli/commands/process.ts";
import { Turnstile } from "../../src/runtime/turnstile.ts";
import type { AuditEntry } from "../kube/http/audit.ts";
import type { FaultMatch } from "../kube/http/faults.ts";
import type { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { installDefinitions } from "./kube-world.ts";
import { POD_ADDRESS, TakeoverWorld } from "./takeover-world.ts";
import { openSimulatedCluster, type UsedCluster } from "./used-cluster.ts";

const TANDEM = fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url));
const GATEWAY = "127.69.0.3";

let used: UsedCluster & { readonly cluster: SimulatedCluster };
let cluster: SimulatedCluster;
let world: TakeoverWorld;
let directory: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  used = await openSimulatedCluster({ allowLoopback: true });
  ({ cluster } = used);
  await installDefinitions(used.client);
});
afterAll(() => used.close());
beforeEach(async () => {
  world = await TakeoverWorld.open(used.client, GATEWAY);
  directory = await mkdtemp(join(tmpdir(), "tandem-killed-"));
  await writeFile(join(directory, "kubeconfig"), cluster.kubeconfig(), { mode: 0o600 });
});
afterEach(async () => {
  cluster.faults.clear();
  await Promise.all(running.splice(0).map(kill));
  await world.close();
  await rm(directory, { recursive: true });
});

/** Starts a replica of the controller as a process, and waits until it has read everything. */
async function startReplica(name: string): Promise<ChildProcess> {
  const args = ["controller", "--kubeconfig", join(directory, "kubeconfig"), "--state", join(directory, name)];
  const child = spawn(process.execPath, [TANDEM, ...args, "--site", world.site, "--namespace", world.namespace], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  for await (const line of createInterface(child.stdout)) if (line.includes("controller_started")) break;
  child.stdout.resume();
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Fulfilled once somebody leads. */
async function untilLed(): Promise<void> {
  await world.until(async () => {
    const lease = await world.read(KUBE_RESOURCES.leases, "tandem-controller");
    return Boolean((lease?.["spec"] as { readonly holderIdentity?: string } | undefined)?.holderIdentity);
  });
}

/** Whether the gateway's slice has its address, ready or not. */
async function gatewayIs(ready: boolean): Promise<boolean> {
  const slice = await world.read(KUBE_RESOURCES.endpointSlices, "web-tandem-ipv4");
  const endpoints = (slice?.["endpoints"] ?? []) as readonly { readonly conditions: { readonly ready: boolean } }[];
  return endpoints.length === 1 && endpoints[0]?.conditions.ready === ready;
}

/** The two writes, by which other one can be seen to have arrived alone. */
const SELECTOR: FaultMatch = { verb: "patch", resource: "services", name: "web" };
const READY: FaultMatch = { verb: "patch", resource: "endpointslices", name: "web-tandem-ipv4" };
const seen = {
  [SELECTOR.resource ?? ""]: () => world.isHeld(),
  [READY.resource ?? ""]: () => gatewayIs(true),
};

function heldBack(match: FaultMatch): AuditEntry | undefined {
  const isIt = (entry: AuditEntry): boolean =>
    entry.status === 0 && entry.verb === match.verb && entry.resource === match.resource && entry.name === match.name;
  return cluster.requests.find((entry) => entry.namespace === world.namespace && isIt(entry));
}

test.each([
  ["the selector is held back: another replica goes on", SELECTOR, READY, "another"],
  ["the ready endpoints are held back: the one that is started again goes on", READY, SELECTOR, "again"],
] as const)("%s", async (_what, late, first, next) => {
  const before = await world.picture();
  const leader = await startReplica("1");
  await untilLed();
  if (next === "another") await startReplica("2");
  await world.protect("Direct");
  await world.listenAsAllotted();
  await world.until(() => gatewayIs(false));
  const carriedOut = Promise.withResolvers<void>();
  cluster.faults.add({
    match: { ...late, namespace: world.namespace },
    times: 1,
    answer: { kind: "hold", until: carriedOut.promise },
  });
  await world.patch(KUBE_RESOURCES.failoverPolicies, "web", { spec: { mode: "Gateway" } });
  await world.until(async () => heldBack(late) !== undefined && (await seen[first.resource ?? ""]?.()));
  const held = heldBack(late);
  await kill(leader);
  expect([await world.isHeld(), await gatewayIs(true)]).toEqual([first === SELECTOR, first === READY]);

  if (next === "again") await startReplica("1");
  const isSwitched = async (): Promise<boolean> =>
    (await world.isHeld()) && (await world.readyAddresses("web")).join() === GATEWAY;
  await world.until(isSwitched);
  carriedOut.resolve();
  await world.until(async () => held?.status !== 0);
  expect([held?.status, await isSwitched()]).toEqual([409, true]);

  const report = await releaseServices(
    { services: [`${world.namespace}/web`] },
    {
      client: world.client,
      clock: { now: () => Date.now(), after: processTimer },
      random: () => 0,
      fieldManager: "tandem-contract",
      drainMs: 0,
      deadline: AbortSignal.timeout(20_000),
      turnstile: new Turnstile(2),
    },
    { paused: () => {}, began: () => {}, ended: () => {} },
  );
  expect(report.problems).toEqual([]);
  await world.until(async () => (await world.read(KUBE_RESOURCES.services, "web-tandem-origin")) === undefined);
  await world.until(async () => (await world.list(KUBE_RESOURCES.endpointSlices)).length === 1);
  await world.until(async () => (await world.readyAddresses("web")).join() === POD_ADDRESS);
  expect(await world.picture()).toEqual(before);
});
