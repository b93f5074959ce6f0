/**
 * The load generator as a child process.
 * @module
 */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LoadLine, StartLine, SummaryLine } from "../../src/apps/lab/load/lines.ts";
import type { LoadTarget } from "../../src/apps/lab/load/options.ts";
import type { ProcessGroup } from "./process-group.ts";
import { serviceHost } from "./topology.ts";

const program = fileURLToPath(new URL("../../dist/apps/lab/load/main.js", import.meta.url));

/** What is sent. Times in ms. */
export interface Workload {
  readonly protocol: "http" | "tcp";
  /** Requests per second, or new connections per second. */
  readonly rate: number;
  readonly durationMs: number;
  readonly method: string;
  /** Shares of other requests, as the generator's `--mix`. */
  readonly mix: readonly string[];
}

/** A generator that runs. */
export interface RunningLoad {
  /** Resolves when the measured window begins, warm-up over. */
  readonly started: Promise<StartLine>;
  /** Resolves when every request has ended. */
  readonly summary: Promise<SummaryLine>;
  /** What clients connect to from now on. */
  readonly retarget: (targets: readonly LoadTarget[]) => void;
}

const warmupMs = 1500;

/** Starts the generator; it begins at once. */
export async function startLoad(
  workload: Workload,
  targets: readonly LoadTarget[],
  processes: ProcessGroup,
): Promise<RunningLoad> {
  const flags = ["--protocol", workload.protocol, "--rate", `${workload.rate}`, "--host", serviceHost];
  const times = ["--duration", `${workload.durationMs}ms`, "--warmup", `${warmupMs}ms`, "--progress", "0s"];
  const requests = ["--method", workload.method, ...workload.mix.flatMap((share) => ["--mix", share])];
  const args = [...flags, ...times, ...requests, ...targetFlags(targets), "--control-stdin"];
  const child = await processes.start("load", [process.execPath, program, ...args]);
  const started = Promise.withResolvers<StartLine>();
  const summary = Promise.withResolvers<SummaryLine>();
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as LoadLine;
    if (line.type === "start") started.resolve(line);
    if (line.type === "summary") summary.resolve(line);
  });
  void child.ended.then((code) => {
    const error = new Error(`the load generator ended early (exit code ${code})`);
    started.reject(error);
    summary.reject(error);
  });
  // Whoever waits for only one of both must not find the process dead of the other's rejection.
  started.promise.catch(() => {});
  summary.promise.catch(() => {});
  const retarget = (next: readonly LoadTarget[]): void => {
    child.stdin.write(`${JSON.stringify({ targets: next.map(({ address }) => address) })}\n`);
  };
  return { started: started.promise, summary: summary.promise, retarget };
}

function targetFlags(targets: readonly LoadTarget[]): string[] {
  const hasReadiness = targets.every(({ ready }) => ready !== null);
  return targets.flatMap(({ address, ready }) => {
    return ["--target", address, ...(hasReadiness && ready !== null ? ["--ready", ready] : [])];
  });
}
