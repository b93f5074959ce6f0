/**
 * One run with a large cluster: what a controller and an agent that start there need, and what a change makes them write.
 * @module
 */
import { setTimeout as after } from "node:timers/promises";
import { GATEWAY, CONTROLLER } from "../../test/install/accounts.ts";
import type { AuditEntry } from "../../test/kube/http/audit.ts";
import type { SimulatedCluster } from "../../test/kube/simulated-cluster.ts";
import { type RunScope, withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import type { ClusterPair } from "../../test/e2e/cluster-pair.ts";
import { startClusters } from "./cluster-pair.ts";
import { changes } from "./changes.ts";
import {
  namespacesOf,
  type PodPlace,
  placeOf,
  protectedPlaces,
  type Scale,
  seedPolicies,
  seedServices,
  startPods,
} from "./large-cluster.ts";
import { readMemory, readProcessorTime } from "./process-usage.ts";

/** Third numbers of the pods' addresses. */
const networks = { west: 10, east: 120 };
const protectedWithinMs = 300_000;
const settledWithinMs = 120_000;
/** Settled: less than this share of a core in each of some seconds in a row. */
const settled = { share: 0.05, seconds: 3 };
const steadyMs = 30_000;
/** How long what follows from one change may take, in ms. */
const changeMs = 5_000;

/** What a process needs. */
export interface ProcessMeasure {
  /** Resident memory in MB (10^6 bytes) at the end of the steady time, and at most since its start. */
  readonly rssMb: number;
  readonly peakMb: number;
  /** Share of a core (1: all of it) over the steady time. */
  readonly steadyShare: number;
  /** From its start until it had come to rest, in ms. */
  readonly settledMs: number;
  /** Whole copies that it asked for from its start until it was settled, as lists or as streams. */
  readonly lists: readonly { readonly kind: string; readonly times: number }[];
}

/** What one run measured. */
export interface ScaleMeasure {
  readonly scale: Scale;
  readonly controller: ProcessMeasure;
  readonly agent: ProcessMeasure;
  /** Writes of controller and agent after one change of one object each, Leases apart. */
  readonly writes: readonly { readonly change: string; readonly requests: readonly string[] }[];
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the run. */
  readonly disturbance: number;
}

/** Measures on fresh processes. */
export async function measureScale(
  scale: Scale,
  place: { readonly prefix: string; readonly repeats: number },
): Promise<ScaleMeasure> {
  const { measured, disturbance } = await measureQuietly(place.repeats, () =>
    withRunScope((scope) => runOnce(scale, place.prefix, scope)),
  );
  return { ...measured, disturbance };
}

async function runOnce(scale: Scale, prefix: string, scope: RunScope): Promise<Omit<ScaleMeasure, "disturbance">> {
  const pair = await startClusters(scope, { prefix, namespaces: namespacesOf(scale) });
  await startPods(scope);
  const all = Array.from({ length: scale.services }, (_, index) => placeOf(index));
  const { podsEach } = scale;
  await seedServices(pair.west.cluster, all, { podsEach, prefix, network: networks.west });
  await seedServices(pair.east.cluster, protectedPlaces(scale), { podsEach, prefix, network: networks.east });
  await pair.startTandem([1]);
  for (const { cluster } of [pair.west, pair.east]) seedPolicies(cluster, scale);
  await untilProtected(pair.west.cluster, scale);
  const agent = await measureStart(pair, "agent", () => pair.west.startAgent(1));
  const controller = await measureStart(pair, "controller", () => pair.west.startController("1"));
  await untilProtected(pair.west.cluster, scale);
  const steady = await measureSteady(pair);
  const writes = await countWrites(pair.west.cluster, scale, { prefix, network: networks.west });
  return {
    scale,
    controller: { ...controller, ...steady.controller },
    agent: { ...agent, ...steady.agent },
    writes,
  };
}

async function untilProtected(cluster: SimulatedCluster, scale: Scale): Promise<void> {
  const end = performance.now() + protectedWithinMs;
  let count = 0;
  while (performance.now() < end) {
    count = cluster.list("tandem.dev/failoverpolicies").filter(isProtected).length;
    if (count === scale.protected) return;
    await after(1_000);
  }
  throw new Error(`${count} of ${scale.protected} Services were protected after ${protectedWithinMs / 1000} s`);
}

function isProtected(policy: object): boolean {
  const { status } = policy as {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  };
  return status?.conditions?.some((one) => one.type === "Protected" && one.status === "True") ?? false;
}

type Part = "agent" | "controller";
const users: Readonly<Record<Part, string>> = { agent: GATEWAY, controller: CONTROLLER };

/** Kills a part of west and starts it again, now that there is everything. */
async function measureStart(
  { west, processes }: ClusterPair,
  part: Part,
  start: () => Promise<void>,
): Promise<Pick<ProcessMeasure, "settledMs" | "lists">> {
  await processes.kill(processes.find(`${part}/west-1`, `${part}/west`));
  west.cluster.forgetRequests();
  const startedAt = performance.now();
  await start();
  const settledAt = await untilSettled(pidOf(processes, part));
  return { settledMs: settledAt - startedAt, lists: countLists(west.cluster.requests, users[part]) };
}

function pidOf(processes: ClusterPair["processes"], part: Part): number {
  const [found] = processes.find(`${part}/west-1`, `${part}/west`);
  if (found === undefined) throw new Error(`west has no ${part}`);
  return found.pid;
}

/** When the first of some quiet seconds began. */
async function untilSettled(pid: number): Promise<number> {
  const end = performance.now() + settledWithinMs;
  let [quietSince, quiet] = [0, 0];
  while (performance.now() < end) {
    const [before, startedAt] = [await readProcessorTime(pid), performance.now()];
    await after(1_000);
    const share = ((await readProcessorTime(pid)) - before) / (performance.now() - startedAt);
    if (share >= settled.share) quiet = 0;
    else if (quiet === 0) quietSince = startedAt;
    if (share < settled.share) quiet += 1;
    if (quiet === settled.seconds) return quietSince;
  }
  throw new Error(`process ${pid} was not settled ${settledWithinMs / 1000} s after its start`);
}

function countLists(requests: readonly AuditEntry[], user: string): ProcessMeasure["lists"] {
  const copies = requests.filter((one) => one.user === user && (one.verb === "list" || one.streamsList));
  const times = new Map<string, number>();
  for (const { resource } of copies) times.set(resource, (times.get(resource) ?? 0) + 1);
  return [...times].map(([kind, count]) => ({ kind, times: count })).toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
}

type Steady = Pick<ProcessMeasure, "rssMb" | "peakMb" | "steadyShare">;

async function measureSteady({ processes }: ClusterPair): Promise<Readonly<Record<Part, Steady>>> {
  const measure = async (part: Part): Promise<Steady> => {
    const pid = pidOf(processes, part);
    const [before, startedAt] = [await readProcessorTime(pid), performance.now()];
    await after(steadyMs);
    const steadyShare = ((await readProcessorTime(pid)) - before) / (performance.now() - startedAt);
    return { steadyShare, ...(await readMemory(pid)) };
  };
  const [controller, agent] = await Promise.all([measure("controller"), measure("agent")]);
  return { controller, agent };
}

async function countWrites(cluster: SimulatedCluster, scale: Scale, place: PodPlace): Promise<ScaleMeasure["writes"]> {
  const counted: { change: string; requests: string[] }[] = [];
  for (const { change, make } of changes(scale, place)) {
    cluster.forgetRequests();
    make(cluster);
    await after(changeMs);
    const writes = cluster.writes.filter(({ user, resource }) => isTandem(user) && resource !== "leases");
    counted.push({ change, requests: writes.map(describe) });
  }
  return counted;
}

function isTandem(user: string): boolean {
  return user === CONTROLLER || user === GATEWAY;
}

function describe({ verb, resource, subresource, namespace, name }: AuditEntry): string {
  return `${verb} ${resource}${subresource === "" ? "" : `/${subresource}`} ${namespace}/${name}`;
}
