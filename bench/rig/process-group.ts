/**
 * Everything that one run leaves on the machine, its child processes above all, ended with it: also after Ctrl-C, an
 * exception, or when this process is killed.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const setpriv = "/usr/bin/setpriv";

/** A child process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Sends a signal; nothing happens once it has ended. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves when it has ended, with its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

/** Starts processes and ends all of them together. */
export class ProcessGroup {
  private readonly children = new Map<Child, ChildProcess>();
  private readonly closers: (() => Promise<unknown>)[] = [];

  constructor() {
    groups.add(this);
  }

  /** Starts a program; its standard error is this process's. Throws when it cannot be started. */
  async start(name: string, command: readonly [string, ...string[]]): Promise<Child> {
    // The kernel kills it when this process dies in whatever way. Without setpriv only kill -9 leaves it behind.
    const [program, ...args] = existsSync(setpriv) ? [setpriv, "--pdeathsig", "KILL", ...command] : command;
    const process = spawn(program ?? "", args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(process, "spawn");
    const ended = once(process, "exit").then(([code]) => code as number | null);
    const signal = (wanted: NodeJS.Signals): void => void process.kill(wanted);
    const child: Child = { name, pid: process.pid ?? 0, stdin: process.stdin, stdout: process.stdout, signal, ended };
    // A killed reader is a fault that this bench causes on purpose.
    process.stdin.on("error", () => {});
    this.children.set(child, process);
    void ended.then(() => this.children.delete(child));
    return child;
  }

  /** Has something else ended with the group, such as processes that outlive whoever starts them. Last come, first gone. */
  onEnd(closer: () => Promise<unknown>): void {
    this.closers.unshift(closer);
  }

  /** Kills what still runs, waits until all have ended, and does what {@link onEnd} was told. */
  async end(): Promise<void> {
    groups.delete(this);
    const children = [...this.children.keys()];
    // A stopped process dies of SIGKILL too.
    for (const child of children) child.signal("SIGKILL");
    await Promise.all(children.map(({ ended }) => ended));
    for (const close of this.closers.splice(0)) await close();
  }
}

const groups = new Set<ProcessGroup>();

/** A directory and processes of one run. */
export interface RunScope {
  /** Empty at first, with a short path: Unix sockets are in it. */
  readonly directory: string;
  readonly processes: ProcessGroup;
}

/** Does `work` and then, however it ended, ends its processes and removes its directory. */
export async function withRunScope<T>(work: (scope: RunScope) => Promise<T>): Promise<T> {
  const processes = new ProcessGroup();
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  processes.onEnd(() => rm(directory, { recursive: true, force: true }));
  try {
    return await work({ directory, processes });
  } finally {
    await processes.end();
  }
}

/** Ends what is under way when this process is told to end. Call once, first. */
export function endRunsOnSignal(): void {
  const endWith = (code: number) => (): void => {
    // What is under way fails now that its processes go: that must not end this one before they are all gone.
    process.on("uncaughtException", () => {});
    void Promise.allSettled([...groups].map((group) => group.end())).then(() => process.exit(code));
  };
  process.on("SIGINT", endWith(130));
  process.on("SIGTERM", endWith(143));
}
