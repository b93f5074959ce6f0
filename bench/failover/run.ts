/**
 * One run of one row with one contender, on fresh processes.
 * @module
 */
import { setTimeout as after } from "node:timers/promises";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";
import { attemptsPerRequest } from "../../src/core/measure/index.ts";
import type { Contender, Part, RunningContender } from "../contenders/contender.ts";
import type { BenchOptions } from "../rig/bench-options.ts";
import { Backends } from "../rig/backends.ts";
import { EndpointController } from "../rig/kubernetes.ts";
import { startLoad } from "../rig/load.ts";
import { type ProcessGroup, withRunScope } from "../rig/process-group.ts";
import { measureQuietly } from "../rig/quiet.ts";
import type { Topology } from "../rig/topology.ts";
import type { FaultStep, Row } from "./row.ts";

/** What one run measured: the generator's summary without its timeline. */
export interface RunMeasure extends Omit<SummaryLine, "timeline" | "type"> {
  /** Requests that reached a backend per request sent; null for TCP, where checks look like requests. */
  readonly attemptsPerRequest: number | null;
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the run. */
  readonly disturbance: number;
}

/** Where a run takes place, and how often it is repeated when other processes disturbed it. */
export type RunPlace = Pick<BenchOptions, "topology" | "repeats">;

/** The run's measure; null: this contender has no such part or protocol, the row does not apply to it. */
export async function measureRow(row: Row, contender: Contender, place: RunPlace): Promise<RunMeasure | null> {
  if (!contender.supports(row.workload.protocol)) return null;
  const { measured, disturbance } = await measureQuietly(place.repeats, () => runOnce(row, contender, place.topology));
  return measured === null ? null : { ...measured, disturbance };
}

type BareMeasure = Omit<RunMeasure, "disturbance">;

async function runOnce(row: Row, contender: Contender, topology: Topology): Promise<BareMeasure | null> {
  return withRunScope(async ({ directory, processes }) => {
    const backends = await Backends.start(topology, directory, processes);
    const setup = { topology, protocol: row.workload.protocol, check: row.check, directory, processes };
    const running = await contender.start(setup);
    if (!row.steps.every((step) => applies(step, running))) return null;
    return measure(row, { running, backends, processes, topology });
  });
}

interface Rig {
  readonly running: RunningContender;
  readonly backends: Backends;
  readonly processes: ProcessGroup;
  readonly topology: Topology;
}

async function measure(row: Row, rig: Rig): Promise<BareMeasure> {
  const { running, backends, processes, topology } = rig;
  const load = await startLoad(row.workload, running.targets, processes);
  const published: Promise<void>[] = [];
  const kubernetes = new EndpointController(topology, (ready) => {
    published.push(running.publishEndpoints(ready).then(load.retarget));
  });
  const { epochMs } = await load.started;
  const before = await backends.attempts();
  const faults = row.steps.map(async (step) => {
    await after(Math.max(0, epochMs + step.atMs - Date.now()));
    await breakPart(step, { ...rig, kubernetes });
  });
  try {
    // A fault that could not be caused fails the run: what it would measure is something else.
    const [{ timeline: _timeline, type: _type, ...summary }] = await Promise.all([load.summary, ...faults]);
    await Promise.all(published);
    await backends.resume();
    const attempts = (await backends.attempts()) - before;
    const isHttp = row.workload.protocol === "http";
    return { ...summary, attemptsPerRequest: isHttp ? attemptsPerRequest(attempts, summary.requests) : null };
  } finally {
    kubernetes.stop();
  }
}

async function breakPart(step: FaultStep, rig: Rig & { readonly kubernetes: EndpointController }): Promise<void> {
  const { running, backends, kubernetes, topology } = rig;
  if (step.breaks === "backends") {
    if (step.fault !== "unready") await backends.fail(step.sites, step.fault);
    kubernetes.observeBackends(step.sites, step.fault);
    return;
  }
  const parts = partsOf(step, running);
  if (step.breaks === "localAgents" || step.breaks === "peerAgents") {
    await Promise.all(parts.map((agent) => agent.crash()));
    return;
  }
  // One gateway of two, but every agent: the rows say so.
  await (step.fault === "hang" ? parts[0]?.hang() : parts[0]?.crash());
  const site = step.breaks === "localGateway" ? "west" : "east";
  kubernetes.observeGateway(site, topology[site].gateways[0], step.fault);
}

function applies(step: FaultStep, running: RunningContender): boolean {
  return step.breaks === "backends" || partsOf(step, running).length > 0;
}

function partsOf(step: Exclude<FaultStep, { breaks: "backends" }>, running: RunningContender): readonly Part[] {
  switch (step.breaks) {
    case "localGateway":
      return running.localGateways;
    case "peerGateway":
      return running.peerGateways;
    case "localAgents":
      return running.localAgents;
    case "peerAgents":
      return running.peerAgents;
  }
}
