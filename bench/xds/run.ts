/**
 * One run: two sites with many services, changes one by one, then an agent that is killed and started again.
 * @module
 */
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS, type LabGateway, type LabSite } from "../../src/apps/lab/network/layout.ts";
import { measureQuietly } from "../rig/quiet.ts";
import { type RunScope, withRunScope } from "../rig/process-group.ts";
import { AgentLog } from "./agent-log.ts";
import { nameOf, replaceEndpoints, writeServices } from "./services.ts";

/** What is changed how often. */
export interface XdsScale {
  readonly services: number;
  readonly changes: number;
}

/** What one run measured. Times in ms. */
export interface XdsMeasure {
  /** From the agent noticing a changed endpoint to Envoy's acknowledgement, one value a change, sorted. */
  readonly acknowledgedMs: readonly number[];
  /** From the file being written, which is what a person would time. */
  readonly fromFileMs: readonly number[];
  /** Bytes sent per change, the median one. */
  readonly bytesPerChange: number;
  /** From the new services' files to all gateways of both sites being programmed. */
  readonly setUpMs: number;
  /** Bytes that the restarted agent sent to an Envoy that had everything. */
  readonly restartBytes: number;
  /** From starting the agent to Envoy having said that it lacks nothing. */
  readonly restartMs: number;
  /** Share of the machine's processor time (0 to 1) that went to processes which do not belong to the run. */
  readonly disturbance: number;
}

const pollMs = 500;
const setUpWithinMs = 300_000;
/** Pause after a change, so that each is alone: what follows from one, files written included, is over when the next one comes. */
const pauseMs = 300;

/** Measures on fresh processes. */
export async function measureXds(
  scale: XdsScale,
  place: { readonly prefix: string; readonly repeats: number },
): Promise<XdsMeasure> {
  const { measured, disturbance } = await measureQuietly(place.repeats, () =>
    withRunScope((scope) => runOnce(scale, place.prefix, scope)),
  );
  return { ...measured, disturbance };
}

async function runOnce(
  { services, changes }: XdsScale,
  prefix: string,
  { directory: root, processes }: RunScope,
): Promise<Omit<XdsMeasure, "disturbance">> {
  const directory = join(root, "lab");
  processes.onEnd(() => Lab.down(directory));
  const lab = await Lab.up({ ...LAB_DEFAULTS, directory, prefix }, () => {});
  const [west] = lab.sites;
  const gateway = west.gateways[0];
  if (gateway === undefined) throw new Error("west has no gateway");
  const setUpFrom = performance.now();
  for (const site of lab.sites) await writeServices(site, lab.sites, services);
  for (const site of lab.sites) for (const one of site.gateways) await untilProgrammed(lab, one, services);
  const setUpMs = performance.now() - setUpFrom;
  const log = lab.processes.logOf(`agent/${gateway.name}`);
  const changed = await changeEndpoints(west, log, { services, changes });
  return { ...changed, setUpMs, ...(await restartAgent(lab, west, gateway)) };
}

async function untilProgrammed(lab: Lab, gateway: LabGateway, services: number): Promise<void> {
  const end = performance.now() + setUpWithinMs;
  while (performance.now() < end) {
    const status = await lab.status(gateway);
    const many = status.services.filter(({ service }) => service.startsWith("many/"));
    const well = many.filter(
      ({ sites }) => sites.length === 2 && sites.every(({ healthy, total }) => healthy === total),
    );
    if (well.length === services && status.envoy === "ready") return;
    await after(pollMs);
  }
  throw new Error(`${gateway.name} was not programmed with ${services} services within ${setUpWithinMs / 1000} s`);
}

async function changeEndpoints(
  site: LabSite,
  logPath: string,
  { services, changes }: XdsScale,
): Promise<Pick<XdsMeasure, "acknowledgedMs" | "fromFileMs" | "bytesPerChange">> {
  const log = await AgentLog.follow(logPath);
  const acknowledged: number[] = [];
  const fromFile: number[] = [];
  const bytes: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const writtenAt = Date.now();
    // Each service loses its last endpoint at its first turn and gets it back at its next one.
    await replaceEndpoints(site, nameOf(change % services), Math.floor(change / services) % 2 === 1);
    let programmed = await log.next();
    // What was acknowledged before is about something else, such as an endpoint whose check was late.
    while (programmed.tookMs === undefined || programmed.at < writtenAt) programmed = await log.next();
    acknowledged.push(programmed.tookMs);
    fromFile.push(programmed.at - writtenAt);
    bytes.push(programmed.bytes);
    await after(pauseMs);
  }
  return {
    acknowledgedMs: sorted(acknowledged),
    fromFileMs: sorted(fromFile),
    bytesPerChange: sorted(bytes)[Math.floor(bytes.length / 2)] ?? 0,
  };
}

async function restartAgent(
  lab: Lab,
  site: LabSite,
  gateway: LabGateway,
): Promise<Pick<XdsMeasure, "restartBytes" | "restartMs">> {
  const id = `agent/${gateway.name}`;
  const log = await AgentLog.follow(lab.processes.logOf(id));
  await lab.processes.signal(lab.processes.find(id), "SIGKILL");
  const startedAt = Date.now();
  const started = lab.startAgent(site, gateway);
  const programmed = await log.next();
  await started;
  return { restartBytes: programmed.bytes, restartMs: programmed.at - startedAt };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}
