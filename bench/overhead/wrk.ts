/**
 * Throughput in a closed loop, measured by wrk.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { serviceHost } from "../rig/topology.ts";

const run = promisify(execFile);

/** Connections that wrk keeps busy. */
export const connections = 32;

/** wrk is missing and cannot be installed from here; the message says what a person can do. */
export class WrkMissing extends Error {
  constructor(options?: ErrorOptions) {
    super("throughput is measured with wrk, and it is not installed: run `apt-get install wrk` as root", options);
    this.name = "WrkMissing";
  }
}

/** Makes sure that wrk is there: installs Debian's package when this runs as root. */
export async function ensureWrk(): Promise<void> {
  if (await isInstalled()) return;
  if (process.getuid?.() !== 0) throw new WrkMissing();
  process.stderr.write("installing wrk (apt-get) ...\n");
  try {
    await run("apt-get", ["update"]);
    await run("apt-get", ["install", "-y", "--no-install-recommends", "wrk"]);
  } catch (error) {
    throw new WrkMissing({ cause: error });
  }
}

async function isInstalled(): Promise<boolean> {
  try {
    await run("sh", ["-c", "command -v wrk"]);
    return true;
  } catch {
    return false;
  }
}

/** What wrk saw at one address. */
export interface Throughput {
  readonly requestsPerSecond: number;
  /** Answers that were not 2xx or 3xx, and socket errors. */
  readonly errors: number;
}

/** Sends as many requests as `address` (`ADDR:PORT`) takes over 32 connections for `seconds`. */
export async function measureThroughput(address: string, seconds: number): Promise<Throughput> {
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`];
  const { stdout } = await run("wrk", [...load, "-H", `Host: ${serviceHost}`, `http://${address}/`]);
  return parseWrk(stdout);
}

/** Reads what wrk printed. Throws when it is not a result. */
export function parseWrk(output: string): Throughput {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  if (rate === undefined) throw new Error(`wrk printed no rate:\n${output}`);
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return { requestsPerSecond: Number(rate), errors: sockets.reduce((sum, count) => sum + Number(count), bad) };
}
