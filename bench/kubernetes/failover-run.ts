/**
 * One run of one row: all pods of a Service are killed under load, on fresh processes.
 * @module
 */
import { setTimeout as after } from "node:timers/promises";
import { readFile } from "node:fs/promises";
import { callLocal } from "../../src/adapters/http/local-client.ts";
import type { BackendCounters } from "../../src/apps/lab/backend/counters.ts";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import type { ClusterSite } from "../../test/e2e/cluster-site.ts";
import { CONTROLLER } from "../../test/install/accounts.ts";
import type { JsonObject } from "../../test/kube/api/json.ts";
import { isWrite } from "../../test/kube/http/audit.ts";
import { KubeProxy } from "../../test/kube/kube-proxy.ts";
import { startLoad } from "../rig/load.ts";
import { type RunScope, withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import type { ClusterPair } from "../../test/e2e/cluster-pair.ts";
import { startClusters } from "./cluster-pair.ts";
import { type KubernetesRow, windowMs } from "./rows.ts";

const rate = 500;
/** When the pods are killed, in ms from the start of what is measured. */
const killAtMs = 1_000;
/** How long checks are counted, before there is any load, in ms. */
const checksMs = 3_000;
const gateways = [1, 2];

/** What one run measured. Times in ms after the kill; null: did not happen, or there is no such thing in this row. */
export interface FailoverMeasure {
  readonly requests: number;
  readonly failed: number;
  readonly longestGapMs: number;
  /** The first agent of the site found that another site serves. */
  readonly firstWordMs: number | null;
  /** The last of them did: a switch takes the agreement of all gateways that are heard. */
  readonly decidedMs: number | null;
  /** The first write of the takeover reached the API server. */
  readonly firstWriteMs: number | null;
  /** Between its two writes, that of the Service and that of the gateways' slice. */
  readonly spreadMs: number | null;
  /** The first answer of the other site. */
  readonly elsewhereMs: number | null;
  /** Checks a second of the pod that got most, without load. */
  readonly checksPerSecond: number | null;
  readonly failures: Readonly<Record<string, number>>;
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the run. */
  readonly disturbance: number;
}

type Bare = Omit<FailoverMeasure, "disturbance">;

/** Measures a row once. */
export async function measureFailover(
  row: KubernetesRow,
  place: { readonly prefix: string; readonly repeats: number },
): Promise<FailoverMeasure> {
  const { measured, disturbance } = await measureQuietly(place.repeats, () =>
    withRunScope((scope) => runOnce(row, place.prefix, scope)),
  );
  return { ...measured, disturbance };
}

async function runOnce(row: KubernetesRow, prefix: string, scope: RunScope): Promise<Bare> {
  const pair = await startClusters(scope, { prefix });
  const listen = `${prefix}.9.80:8080`;
  const forward = { namespace: "shop", service: "web", port: "http", listen };
  const proxy = await KubeProxy.start({ access: pair.west.cluster.access(), forwards: [forward] });
  scope.processes.onEnd(() => proxy.close());
  if (row.mode !== null) await protect(pair, row.mode);
  const numbers = row.mode === "Gateway" ? gateways.map((number) => 100 + number) : [1, 2, 3];
  await proxy.until((now) =>
    leadsTo(
      now.targets(listen),
      numbers.map((number) => pair.west.address(number)),
    ),
  );
  const checksPerSecond = row.mode === null ? null : await countChecks(pair);
  return kill(row, { pair, scope, listen, checksPerSecond });
}

/** Tandem in both clusters, the policy, and everything prepared. */
async function protect(pair: ClusterPair, mode: "Gateway" | "Direct"): Promise<void> {
  const { west, east } = pair;
  await pair.startTandem(gateways);
  for (const site of [west, east]) site.protect(policyOf(mode));
  const isDone = (site: ClusterSite): Promise<void> =>
    mode === "Gateway" ? site.untilHeld(...gateways) : site.untilPrepared(...gateways);
  await Promise.all([isDone(west), isDone(east)]);
  await west.cluster.until(() => west.condition("Protected")?.status === "True");
}

function policyOf(mode: "Gateway" | "Direct"): JsonObject {
  return {
    mode,
    sites: [{ name: "west" }, { name: "east" }],
    healthCheck: { http: { path: "/healthz" } },
    profile: "fast",
    retry: { perTryTimeout: "250ms" },
    failback: { holdDown: "30s" },
  };
}

function leadsTo(targets: readonly string[], addresses: readonly string[]): boolean {
  return (
    targets.length === addresses.length && targets.every((target) => addresses.includes(target.split(":", 1)[0] ?? ""))
  );
}

/** What the pod that is checked most gets a second. */
async function countChecks({ west }: ClusterPair): Promise<number> {
  const read = async (): Promise<readonly number[]> => {
    const counters = [1, 2, 3].map((index) => callLocal(west.podControl(index), "GET", "/counters"));
    return (await Promise.all(counters)).map((answer) => (answer as BackendCounters).paths.check);
  };
  const [before, startedAt] = [await read(), performance.now()];
  await after(checksMs);
  const [now, endedAt] = [await read(), performance.now()];
  return Math.max(...now.map((checks, index) => checks - (before[index] ?? 0))) / ((endedAt - startedAt) / 1000);
}

interface Ready {
  readonly pair: ClusterPair;
  readonly scope: RunScope;
  readonly listen: string;
  readonly checksPerSecond: number | null;
}

async function kill(row: KubernetesRow, { pair, scope, listen, checksPerSecond }: Ready): Promise<Bare> {
  const { west } = pair;
  const workload = { protocol: "http", method: "GET", rate, durationMs: killAtMs + windowMs, mix: [] } as const;
  const load = await startLoad(workload, [{ address: listen, ready: null }], scope.processes);
  const { epochMs } = await load.started;
  await after(Math.max(0, epochMs + killAtMs - Date.now()));
  const killedAt = Date.now();
  const unready = row.unreadyAfterMs < windowMs ? after(row.unreadyAfterMs).then(() => west.markPodsUnready()) : null;
  await west.killPods();
  const summary = await load.summary;
  await unready;
  const [written, words] = [takeoverWrites(pair, killedAt), await wordsOfAgents(pair, killedAt)];
  const [first, last] = written.toSorted((left, right) => left - right);
  return {
    ...servedIn(summary, killedAt - epochMs),
    firstWordMs: words[0] ?? null,
    decidedMs: words.length < gateways.length ? null : (words.at(-1) ?? null),
    firstWriteMs: first === undefined ? null : first - killedAt,
    spreadMs: first === undefined || last === undefined ? null : last - first,
    checksPerSecond,
  };
}

function servedIn(
  { requests, failed, longestGapMs, firstAnswerMs, failures }: SummaryLine,
  killedMs: number,
): Pick<Bare, "requests" | "failed" | "longestGapMs" | "elsewhereMs" | "failures"> {
  const elsewhere = firstAnswerMs["east"];
  return {
    requests,
    failed,
    longestGapMs,
    elsewhereMs: elsewhere === undefined ? null : elsewhere - killedMs,
    failures,
  };
}

/** When the first write after the kill of each of the two objects came in, Unix milliseconds. What follows later keeps them up to date. */
function takeoverWrites({ west }: ClusterPair, killedAt: number): readonly number[] {
  const written = west.cluster.requests.filter(
    (one) => isWrite(one) && one.user === CONTROLLER && one.receivedAt >= killedAt,
  );
  return [
    ["services", "web"],
    ["endpointslices", "web-tandem-ipv4"],
  ].flatMap(([resource, name]) => {
    const first = written.find((one) => one.resource === resource && one.name === name);
    return first === undefined ? [] : [first.receivedAt];
  });
}

/** When each agent of the site found that another site serves, in ms after the kill, the first one first. */
async function wordsOfAgents({ processes }: ClusterPair, killedAt: number): Promise<readonly number[]> {
  const logs = processes.find("agent").filter(({ id }) => id.startsWith("agent/west"));
  const texts = await Promise.all(logs.map(({ id }) => readFile(processes.logOf(id), "utf8")));
  return texts.flatMap((text) => firstWord(text, killedAt)).toSorted((left, right) => left - right);
}

function firstWord(log: string, killedAt: number): readonly number[] {
  const times = log
    .split("\n")
    .filter((line) => line.includes('"serving_site_changed"'))
    .map((line) => Date.parse((JSON.parse(line) as { readonly time: string }).time) - killedAt);
  return times.filter((time) => time >= 0).slice(0, 1);
}
