/**
 * Processes told apart for certain: a number alone may belong to another one by now.
 * @module
 */
import { readFile } from "node:fs/promises";

/** A process of this machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time as the kernel counts it; with the number it is unique until the next boot. */
  readonly started: string;
}

/** Identity of a running process; undefined when there is none with this number, or it is only waiting to be reaped. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, so fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    const started = fields[19];
    return state === "Z" || started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.started === identity.started;
}

/** Sends a signal to exactly this process; says whether it was there. */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(identity))) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}
