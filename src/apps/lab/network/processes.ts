/**
 * The processes of a lab, with a record on disk, so that whoever comes later can end exactly these and no others.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, closeSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { identifyProcess, isRunning, signalProcess } from "../../../adapters/process/process-identity.ts";

const LabProcess = z.object({ id: z.string(), pid: z.number(), started: z.string(), command: z.array(z.string()) });
/** A process of a lab. `id` says what it is: `gateway/west-1`, `envoy/west-1`, `agent/west-1`, `endpoint/west/web-1`. */
export type LabProcess = z.infer<typeof LabProcess>;

const Records = z.array(LabProcess);

/** How long a process gets to end by itself, in milliseconds. */
const END_MS = 3_000;

/** How long a gateway may take to drain, in milliseconds. */
const LONGEST_DRAIN_MS = 30_000;

/** Starts, finds and ends the processes of one lab. */
export class LabProcesses {
  /** Directory in which Node keeps programs that it parsed once, so that the next process starts quickly. */
  readonly #compileCache: string;
  readonly #directory: string;
  readonly #record: string;
  #known: LabProcess[];

  constructor(directory: string) {
    this.#directory = directory;
    this.#record = join(directory, "processes.json");
    this.#compileCache = join(directory, "compile-cache");
    this.#known = readRecord(this.#record);
  }

  /**
   * Starts a program of Node; what it prints goes to `<id>.log`.
   * @param through a command that becomes the program that follows it, such as `ip netns exec NAME`
   */
  async start(id: string, command: readonly string[], through: readonly string[] = []): Promise<ChildProcess> {
    const log = openSync(this.logOf(id), "a", 0o600);
    const [program = process.execPath, ...args] = [...through, process.execPath, ...command];
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, NODE_COMPILE_CACHE: this.#compileCache },
    });
    closeSync(log);
    child.unref();
    const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
    if (identity !== undefined) this.#remember({ id, ...identity, command: [...command] });
    return child;
  }

  /** Takes a process into the record that another one started. */
  async adopt(id: string, pid: number): Promise<void> {
    const identity = await identifyProcess(pid);
    if (identity !== undefined) this.#remember({ id, ...identity, command: [] });
  }

  /** Processes whose id begins with one of the prefixes; all when none is given. */
  find(...prefixes: readonly string[]): readonly LabProcess[] {
    return this.#known.filter(
      ({ id }) => prefixes.length === 0 || prefixes.some((prefix) => id === prefix || id.startsWith(`${prefix}/`)),
    );
  }

  /** Those of them that run. */
  async running(...prefixes: readonly string[]): Promise<readonly LabProcess[]> {
    const found = await Promise.all(
      this.find(...prefixes).map(async (one) => ((await isRunning(one)) ? one : undefined)),
    );
    return found.filter((one) => one !== undefined);
  }

  /** Sends a signal to processes. */
  async signal(processes: readonly LabProcess[], signal: NodeJS.Signals): Promise<void> {
    for (const one of processes) await signalProcess(one, signal);
  }

  /** Kills processes and waits until they are gone: whoever looks for them right afterwards must not find them dying. */
  async kill(processes: readonly LabProcess[]): Promise<void> {
    await this.signal(processes, "SIGKILL");
    await untilEnded(processes);
  }

  /** Fulfilled once processes are gone that end by themselves. */
  async untilEnded(processes: readonly LabProcess[]): Promise<void> {
    await untilEnded(processes, LONGEST_DRAIN_MS);
  }

  /** Ends everything, first kindly, and empties the record. */
  async endAll(): Promise<number> {
    const running = await this.running();
    // A stopped process takes no notice of SIGTERM. A gateway would drain: a lab that goes away has nothing to lose.
    await this.signal(running, "SIGCONT");
    // Each Envoy before the process that started it, so that what it used is booked where it belongs.
    for (const prefixes of [["envoy"], []]) await this.kill(await this.running(...prefixes));
    this.#known = [];
    this.#write();
    return running.length;
  }

  /** Where a process's output is. */
  logOf(id: string): string {
    return join(this.#directory, `${id.replaceAll("/", "-")}.log`);
  }

  #remember(one: LabProcess): void {
    this.#known = [...this.#known.filter(({ id }) => id !== one.id), one];
    this.#write();
  }

  /** At once and in one step: whatever kills this process, the record names what it started. */
  #write(): void {
    writeFileSync(`${this.#record}.tmp`, JSON.stringify(this.#known), { mode: 0o600 });
    renameSync(`${this.#record}.tmp`, this.#record);
  }
}

async function untilEnded(processes: readonly LabProcess[], longest = END_MS): Promise<void> {
  const end = Date.now() + longest;
  for (const one of processes)
    while ((await isRunning(one)) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

function readRecord(path: string): LabProcess[] {
  try {
    return Records.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return [];
  }
}
