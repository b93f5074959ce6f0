/**
 * The gateway as a process: what `tandem gateway` runs. Envoy is a child of this, never of the agent.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { findEnvoy } from "../../adapters/envoy/envoy-binary.ts";
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
  signalProcess,
} from "../../adapters/process/process-identity.ts";
import {
  checkStateDirectory,
  readGatewayRecord,
  type StatePaths,
  statePaths,
} from "../../adapters/state/state-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";
import { bootstrap } from "../../core/envoy/bootstrap.ts";
import { TandemError } from "../../model/errors.ts";
import { admitGateway } from "./admit.ts";
import { drainGateway } from "./drain.ts";

/** How a gateway is run. */
export interface GatewayOptions {
  readonly stateDirectory: string;
  /** Worker threads of Envoy; undefined lets Envoy take one a core. */
  readonly concurrency: number | undefined;
  readonly maxHeapBytes: number;
  readonly maxConnections: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what goes on; for people. */
  readonly say: (text: string) => void;
}

/** Limits that fit a gateway with 1 GiB of memory. */
export const GATEWAY_DEFAULTS = { maxHeapBytes: 1024 * 1024 * 1024, maxConnections: 50_000 } as const;

/** Seconds in which Envoy ends connections after its listeners began to drain. */
const DRAIN_SECONDS = 5;

/** How often Envoy writes its events out, in milliseconds: the agent learns of a death this much later at most. */
const EVENT_FLUSH_MS = 10;

const ProcessRecord = z.object({
  gateway: z.object({ pid: z.number(), started: z.string() }),
  envoy: z.object({ pid: z.number(), started: z.string() }),
});

/** Writes Envoy's bootstrap and says where it is. */
export async function writeBootstrap(
  options: Pick<GatewayOptions, "stateDirectory" | "maxHeapBytes" | "maxConnections">,
): Promise<string> {
  const paths = statePaths(options.stateDirectory);
  const record = await readGatewayRecord(paths);
  if (record === undefined)
    throw new TandemError("AgentCannotStart", `${paths.root} is not the state directory of a gateway`);
  const problems = await checkStateDirectory(paths);
  if (problems.length > 0)
    throw new TandemError("AgentCannotStart", `${paths.root} cannot be used: ${problems.join("; ")}`);
  const content = bootstrap({
    site: record.site,
    gateway: record.gateway,
    adsSocket: paths.adsSocket,
    adminSocket: paths.adminSocket,
    eventLog: paths.eventLog,
    maxHeapBytes: options.maxHeapBytes,
    maxConnections: options.maxConnections,
  });
  await replaceFile(paths.bootstrap, `${JSON.stringify(content, undefined, 2)}\n`);
  return paths.bootstrap;
}

/** Runs Envoy in the foreground until it ends or SIGTERM or SIGINT comes, then drains it. Gives its exit code. */
export async function runGateway(options: GatewayOptions): Promise<number> {
  const paths = statePaths(options.stateDirectory);
  const config = await writeBootstrap(options);
  await endLeftover(paths, options.say);
  const { path, version } = await findEnvoy(options.environment);
  const concurrency = options.concurrency === undefined ? [] : ["--concurrency", String(options.concurrency)];
  const args = [
    "-c",
    config,
    "--use-dynamic-base-id",
    "--file-flush-interval-msec",
    String(EVENT_FLUSH_MS),
    "--drain-time-s",
    String(DRAIN_SECONDS),
    "--drain-strategy",
    "immediate",
    "-l",
    "warn",
  ];
  const child = spawn(path, [...args, ...concurrency], { stdio: ["ignore", "inherit", "inherit"], detached: true });
  options.say(`Envoy ${version} runs as process ${child.pid ?? 0}; SIGTERM drains it`);
  await recordProcesses(paths, child);
  return superviseEnvoy(child, paths, options.say);
}

function superviseEnvoy(child: ChildProcess, paths: StatePaths, say: (text: string) => void): Promise<number> {
  return new Promise((resolve) => {
    let draining = false;
    let ended = false;
    void admitGateway(paths, () => !draining && !ended);
    const stop = (): void => {
      // A second signal is a person who does not want to wait.
      if (draining) {
        child.kill("SIGTERM");
        return;
      }
      draining = true;
      void drainGateway(paths, say).finally(() => child.kill("SIGTERM"));
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    child.once("exit", (code, signal) => {
      ended = true;
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
      if (!draining) say(`Envoy ended by itself: ${signal ?? `exit code ${code ?? 0}`}`);
      resolve(draining ? 0 : (code ?? 1));
    });
  });
}

async function recordProcesses(paths: StatePaths, child: ChildProcess): Promise<void> {
  const gateway = await identifyProcess(process.pid);
  const envoy = child.pid === undefined ? undefined : await identifyProcess(child.pid);
  if (gateway === undefined || envoy === undefined) return;
  await replaceFile(paths.gatewayProcess, JSON.stringify({ gateway, envoy }));
}

/** An Envoy whose gateway process was killed goes on serving; a new gateway replaces it. */
async function endLeftover(paths: StatePaths, say: (text: string) => void): Promise<void> {
  const text = await readFile(paths.gatewayProcess, "utf8").catch(() => undefined);
  const record = text === undefined ? undefined : ProcessRecord.safeParse(JSON.parse(text)).data;
  if (record === undefined) return;
  if (await isRunning(record.gateway))
    throw new TandemError("GatewayRunning", `process ${record.gateway.pid} runs the gateway of ${paths.root}`);
  if (!(await isRunning(record.envoy))) return;
  say(`ending Envoy ${record.envoy.pid}, whose gateway process is gone`);
  await drainGateway(paths, say);
  await endProcess(record.envoy);
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  await signalProcess(identity, "SIGTERM");
  const end = Date.now() + 5_000;
  while (await isRunning(identity)) {
    if (Date.now() > end) await signalProcess(identity, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
