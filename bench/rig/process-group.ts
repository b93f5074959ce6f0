/**
 * Child processes of one run, all ended with it: also after Ctrl-C, an exception, or when this process is killed.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
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

  /** Kills what still runs and waits until all have ended. */
  async end(): Promise<void> {
    const children = [...this.children.keys()];
    this.killNow();
    await Promise.all(children.map(({ ended }) => ended));
    groups.delete(this);
  }

  /** Kills what still runs, without waiting. A stopped process dies of SIGKILL too. */
  killNow(): void {
    for (const child of this.children.keys()) child.signal("SIGKILL");
  }
}

const groups = new Set<ProcessGroup>();

/** Ends every group when this process exits or is told to. Call once, first. */
export function endGroupsOnExit(): void {
  process.on("exit", () => {
    for (const group of groups) group.killNow();
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}
