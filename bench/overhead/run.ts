/**
 * One contender's healthy path, on fresh processes.
 * @module
 */
import type { Contender } from "../contenders/contender.ts";
import type { BenchOptions } from "../rig/bench-options.ts";
import { startLoad } from "../rig/load.ts";
import { withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import type { Topology } from "../rig/topology.ts";
import { startFastBackends } from "./fast-backends.ts";
import { measureThroughput } from "./wrk.ts";

/** What one run measured. Latency at 1,000 requests/s in ms; throughput over 32 connections to one gateway. */
export interface OverheadMeasure {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the run. */
  readonly disturbance: number;
}

/** How long each part takes, in seconds. */
export interface OverheadPace {
  readonly latencySeconds: number;
  readonly throughputSeconds: number;
}

/** Measures latency, then throughput. */
export async function measureOverhead(
  contender: Contender,
  options: Pick<BenchOptions, "topology" | "repeats">,
  pace: OverheadPace,
): Promise<OverheadMeasure> {
  const { measured, disturbance } = await measureQuietly(options.repeats, () =>
    runOnce(contender, options.topology, pace),
  );
  return { ...measured, disturbance };
}

async function runOnce(
  contender: Contender,
  topology: Topology,
  pace: OverheadPace,
): Promise<Omit<OverheadMeasure, "disturbance">> {
  return withRunScope(async ({ directory, processes }) => {
    await startFastBackends(topology, directory, processes);
    const { targets } = await contender.start({ topology, protocol: "http", check: "http", directory, processes });
    const durationMs = pace.latencySeconds * 1000;
    const workload = { protocol: "http", rate: 1000, durationMs, method: "GET", mix: [] } as const;
    const load = await startLoad(workload, targets, processes);
    const { p50Ms, p99Ms, failed } = await load.summary;
    const throughput = await measureThroughput(targets[0]?.address ?? "", pace.throughputSeconds);
    return { p50Ms, p99Ms, failed, ...throughput };
  });
}
