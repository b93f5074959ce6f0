/**
 * The gateway as a process: what `tandem gateway` runs. Envoy is a child of this, never of the agent.
 * @module
 */
import { spawn } from "node:child_process";
import { readFile, watch } from "node:fs/promises";
import { z } from "zod";
import { findEnvoy } from "../../adapters/envoy/envoy-binary.ts";
import { openFilesLimit } from "../../adapters/process/open-files.ts";
import {
  identifyProcess,
  isRunning,
  type ProcessIdentity,
  signalProcess,
} from "../../adapters/process/process-identity.ts";
import {
  checkStateDirectory,
  readGatewayRecord,
  requireGatewayRecord,
  type StatePaths,
  statePaths,
} from "../../adapters/state/state-directory.ts";
import { makeDirectory } from "../../adapters/state/make-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";
import { bootstrap } from "../../core/envoy/bootstrap.ts";
import { TandemError } from "../../model/errors.ts";
import { admitGateway } from "./admit.ts";
import { type DrainOptions, drainGateway } from "./drain.ts";
import { END_MS, superviseEnvoy } from "./supervise.ts";

/** How a gateway is run. */
export interface GatewayOptions {
  readonly stateDirectory: string;
  /** Worker threads of Envoy; undefined lets Envoy take one a core. */
  readonly concurrency: number | undefined;
  readonly maxHeapBytes: number;
  readonly maxConnections: number;
  /** See {@link DrainOptions.noticeMs}. */
  readonly noticeMs: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what goes on; for people. */
  readonly say: (text: string) => void;
}

/** Limits that fit a gateway with 1 GiB of memory, and clients that check it themselves. */
export const GATEWAY_DEFAULTS = { maxHeapBytes: 1024 * 1024 * 1024, maxConnections: 50_000, noticeMs: 2_000 } as const;

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
  const record = await requireGatewayRecord(paths);
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

/**
 * Files that a connection may need: its own, and while nobody answers those of four tries, of which two lead to pods and
 * two through the socket of a hop, which has two ends here. Envoy ends when it has none left, and all its connections
 * with it: rather refuse the last ones.
 */
const FILES_PER_CONNECTION = 7;

async function fitConnections({ maxConnections, say }: GatewayOptions): Promise<number> {
  const files = (await openFilesLimit()) ?? Number.POSITIVE_INFINITY;
  const fitting = Math.floor(files / FILES_PER_CONNECTION);
  if (fitting >= maxConnections) return maxConnections;
  say(
    `at most ${fitting} connections instead of ${maxConnections}: ${files} files may be open (raise it with ulimit -n, or LimitNOFILE= of systemd)`,
  );
  return fitting;
}

/**
 * Fulfilled once a state directory belongs to a gateway: whoever sets it up may come later.
 * @param say told that it waits; for people
 */
export async function untilSetUp(stateDirectory: string, say: (text: string) => void): Promise<void> {
  const paths = statePaths(stateDirectory);
  await makeDirectory(paths.root, 0o700);
  const enough = new AbortController();
  const changes = watch(paths.root, { signal: enough.signal })[Symbol.asyncIterator]();
  // The first look comes after the watch began.
  let next = changes.next();
  let isTold = false;
  while ((await readGatewayRecord(paths)) === undefined) {
    if (!isTold) say(`waiting for an agent to set ${paths.root} up`);
    isTold = true;
    await next;
    next = changes.next();
  }
  // A watch that waits for the next change ends with its signal alone.
  enough.abort();
  await next.catch(() => {});
}

/** Runs Envoy in the foreground until it ends or SIGTERM or SIGINT comes, then drains it. Gives its exit code. */
export async function runGateway(options: GatewayOptions): Promise<number> {
  const paths = statePaths(options.stateDirectory);
  const config = await writeBootstrap({ ...options, maxConnections: await fitConnections(options) });
  const leftover = await findLeftover(paths, options.say);
  // Found before the old one is ended: without a new one the old one goes on serving.
  const { path, version } = await findEnvoy(options.environment);
  if (leftover !== undefined) await endLeftover(leftover, paths, options);
  const concurrency = options.concurrency === undefined ? [] : ["--concurrency", String(options.concurrency)];
  const args = [
    "-c",
    config,
    // With it Envoy ends when this process does, and at once, without a drain.
    "--disable-hot-restart",
    "--file-flush-interval-msec",
    String(EVENT_FLUSH_MS),
    "--drain-time-s",
    String(DRAIN_SECONDS),
    "--drain-strategy",
    "immediate",
    "-l",
    "warn",
    // It would say several times a second that the agent is away. What it refuses of a configuration the agent logs.
    "--component-log-level",
    "config:error",
  ];
  const child = spawn(path, [...args, ...concurrency], { stdio: ["ignore", "inherit", "inherit"], detached: true });
  const ended = superviseEnvoy(child, {
    admit: (wanted) => admitGateway(paths, wanted),
    drain: () => drainGateway(paths, options),
    say: options.say,
  });
  if (child.pid !== undefined) {
    options.say(`Envoy ${version} runs as process ${child.pid}; SIGTERM drains it`);
    // It serves all the same: only a gateway that comes after a killed one would not find it.
    await recordProcesses(paths, child.pid).catch((error: unknown) =>
      options.say(`${paths.gatewayProcess} was not written: ${String(error)}`),
    );
  }
  return ended;
}

async function recordProcesses(paths: StatePaths, pid: number): Promise<void> {
  const gateway = await identifyProcess(process.pid);
  const envoy = await identifyProcess(pid);
  if (gateway === undefined || envoy === undefined) return;
  await replaceFile(paths.gatewayProcess, JSON.stringify({ gateway, envoy }));
}

/** An Envoy whose gateway process was killed goes on serving; a new gateway replaces it. */
async function findLeftover(paths: StatePaths, say: (text: string) => void): Promise<ProcessIdentity | undefined> {
  const text = await readFile(paths.gatewayProcess, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const record = parseProcessRecord(text);
  if (record === undefined) {
    say(`${paths.gatewayProcess} is damaged: an Envoy that still runs from ${paths.root} has to be ended by hand`);
    return undefined;
  }
  if (await isRunning(record.gateway))
    throw new TandemError("GatewayRunning", `process ${record.gateway.pid} runs the gateway of ${paths.root}`);
  return (await isRunning(record.envoy)) ? record.envoy : undefined;
}

function parseProcessRecord(text: string): z.infer<typeof ProcessRecord> | undefined {
  try {
    return ProcessRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function endLeftover(envoy: ProcessIdentity, paths: StatePaths, options: DrainOptions): Promise<void> {
  options.say(`ending Envoy ${envoy.pid}, whose gateway process is gone`);
  await drainGateway(paths, options);
  await endProcess(envoy);
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  await signalProcess(identity, "SIGTERM");
  const end = Date.now() + END_MS;
  while (await isRunning(identity)) {
    if (Date.now() > end) await signalProcess(identity, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
