/**
 * One round: all contenders side by side on fresh processes, asked in turn.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { median } from "../../src/core/measure/index.ts";
import type { Contender } from "../contenders/contender.ts";
import type { BenchOptions } from "../rig/bench-options.ts";
import { startLoad } from "../rig/load.ts";
import { type RunScope, withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import { nextPrefix, topologyOf } from "../rig/topology.ts";
import { startFastBackends } from "./fast-backends.ts";
import { measureThroughput } from "./wrk.ts";

/** What one round measured of one contender. Latency at 1,000 requests/s in ms; throughput over 32 connections to one gateway. */
export interface OverheadMeasure {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly failed: number;
  /** The median burst. */
  readonly requestsPerSecond: number;
  /** The median of the bursts' shares of the reference's throughput a moment before or after. */
  readonly ratio: number;
  readonly errors: number;
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the round. */
  readonly disturbance: number;
}

/** How long each part takes. */
export interface OverheadPace {
  readonly latencySeconds: number;
  readonly burstSeconds: number;
  readonly bursts: number;
}

/** Measures latency one after the other, then throughput in short turns. The result is in the order of the contenders. */
export async function measureRound(
  contenders: readonly Contender[],
  reference: string,
  options: Pick<BenchOptions, "prefix" | "repeats">,
  pace: OverheadPace,
): Promise<readonly OverheadMeasure[]> {
  const { measured, disturbance } = await measureQuietly(options.repeats, () =>
    withRunScope(async (scope) => {
      const targets = await startAll(contenders, options.prefix, scope);
      const latencies = await measureLatencies(targets, pace, scope);
      const bursts = await measureBursts(targets, pace);
      const base = bursts[contenders.findIndex(({ name }) => name === reference)] ?? [];
      return latencies.map((latency, index) => ({ ...latency, ...summarize(bursts[index] ?? [], base) }));
    }),
  );
  return measured.map((measure) => ({ ...measure, disturbance }));
}

/** One target of each contender; each has addresses and backends of its own, all answered by one process. */
async function startAll(
  contenders: readonly Contender[],
  prefix: string,
  { directory: root, processes }: RunScope,
): Promise<readonly string[]> {
  const topologies = contenders.map((_, index) => topologyOf(nextPrefix(prefix, index)));
  await startFastBackends(topologies, root, processes);
  const targets: string[] = [];
  for (const [index, contender] of contenders.entries()) {
    const topology = topologies[index] ?? topologyOf(prefix);
    const directory = join(root, `${index}`);
    await mkdir(directory);
    const running = await contender.start({ topology, protocol: "http", check: "http", directory, processes });
    targets.push(running.targets[0]?.address ?? "");
  }
  return targets;
}

type Latency = Pick<OverheadMeasure, "p50Ms" | "p99Ms" | "failed">;

async function measureLatencies(
  targets: readonly string[],
  pace: OverheadPace,
  { processes }: RunScope,
): Promise<readonly Latency[]> {
  const durationMs = pace.latencySeconds * 1000;
  const workload = { protocol: "http", rate: 1000, durationMs, method: "GET", mix: [] } as const;
  const latencies: Latency[] = [];
  for (const address of targets) {
    const load = await startLoad(workload, [{ address, ready: null }], processes);
    const { p50Ms, p99Ms, failed } = await load.summary;
    latencies.push({ p50Ms, p99Ms, failed });
  }
  return latencies;
}

interface Burst {
  readonly requestsPerSecond: number;
  readonly errors: number;
}

/** Bursts of each target. Every other turn goes the other way round, so that none is always first. */
async function measureBursts(targets: readonly string[], pace: OverheadPace): Promise<readonly (readonly Burst[])[]> {
  const bursts = targets.map((): Burst[] => []);
  const order = [...targets.entries()];
  for (let turn = 0; turn < pace.bursts; turn += 1) {
    for (const [index, address] of turn % 2 === 0 ? order : order.toReversed())
      bursts[index]?.push(await measureThroughput(address, pace.burstSeconds));
  }
  return bursts;
}

function summarize(
  bursts: readonly Burst[],
  reference: readonly Burst[],
): Pick<OverheadMeasure, "requestsPerSecond" | "ratio" | "errors"> {
  const ratios = bursts.map(
    ({ requestsPerSecond }, turn) => requestsPerSecond / (reference[turn]?.requestsPerSecond ?? 0),
  );
  return {
    requestsPerSecond: median(bursts.map((burst) => burst.requestsPerSecond)) ?? 0,
    ratio: median(ratios) ?? 0,
    errors: bursts.reduce((sum, burst) => sum + burst.errors, 0),
  };
}
