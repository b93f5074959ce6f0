/**
 * Load on a lab: the generator as a process, its lines as they come.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TandemError } from "../../../model/errors.ts";
import type { LoadLine, SummaryLine } from "../load/lines.ts";
import type { Lab } from "./lab.ts";

const GENERATOR = fileURLToPath(
  new URL(`../load/main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** What is sent. */
export interface LabLoad {
  readonly protocol: "http" | "tcp";
  readonly method: string;
  /** Requests a second. */
  readonly rate: number;
  /** How long, in milliseconds. */
  readonly durationMs: number;
  /** Until a request is lost, in milliseconds; absent: as long as the generator waits by itself. */
  readonly timeoutMs?: number;
}

/** Load that is being sent. */
export interface RunningLoad {
  /** The generator's last line; rejects when it ended without one. */
  readonly summary: Promise<SummaryLine>;
  /** Stops sending; the summary follows. */
  stop(): void;
}

/** Sends load to both gateways of `west`. @param take told each line as it comes */
export function startLoad(lab: Lab, load: LabLoad, take: (line: LoadLine) => void): RunningLoad {
  return startLoadAt(lab.targets(load.protocol), load, take);
}

/** Sends load to addresses. @param take told each line as it comes */
export function startLoadAt(
  addresses: readonly { readonly address: string; readonly ready?: string }[],
  load: LabLoad,
  take: (line: LoadLine) => void,
): RunningLoad {
  const targets = addresses.flatMap(({ address, ready }) => [
    "--target",
    address,
    ...(ready === undefined ? [] : ["--ready", ready]),
  ]);
  const args = [
    "--protocol",
    load.protocol,
    "--method",
    load.method,
    "--rate",
    String(load.rate),
    "--duration",
    `${load.durationMs}ms`,
    ...(load.timeoutMs === undefined ? [] : ["--timeout", `${load.timeoutMs}ms`]),
    "--die-with-parent",
  ];
  const child = spawn(process.execPath, [GENERATOR, ...targets, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  return { summary: readLines(child, take), stop: () => void child.kill("SIGTERM") };
}

async function readLines(child: ChildProcess, take: (line: LoadLine) => void): Promise<SummaryLine> {
  let summary: SummaryLine | undefined;
  if (child.stdout !== null) {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as LoadLine;
      if (line.type === "summary") summary = line;
      take(line);
    }
  }
  if (summary === undefined) throw new TandemError("LabFailed", "the load generator ended without a summary");
  return summary;
}
