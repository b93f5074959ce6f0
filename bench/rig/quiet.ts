/**
 * What other processes of the machine do to a measurement: counted, and measured again when it was too much.
 * @module
 */
import { readFile } from "node:fs/promises";
import { setTimeout as after } from "node:timers/promises";

/** Share of the machine's processor time that may go to others during a run. */
const tolerated = 0.08;
/** How long to wait for a quiet moment before a run, in ms. */
const patienceMs = 60_000;

/** What was measured, and the share (0 to 1) of the machine's processor time that others used meanwhile. */
export interface Undisturbed<T> {
  readonly measured: T;
  readonly disturbance: number;
}

/**
 * Waits for a quiet moment and runs `measure`; repeats that at most `repeats` times until a run was quiet, and returns
 * the quietest one. Without repeats it does not wait either. `measure` must have waited for all of its child processes.
 * Where the system does not count processor time, every run counts as quiet.
 */
export async function measureQuietly<T>(repeats: number, measure: () => Promise<T>): Promise<Undisturbed<T>> {
  let quietest: Undisturbed<T> | null = null;
  for (let attempt = 0; attempt <= repeats; attempt += 1) {
    if (repeats > 0) await untilQuiet();
    const before = await readTimes();
    const measured = await measure();
    const disturbance = shareOfOthers(before, await readTimes());
    if (quietest === null || disturbance < quietest.disturbance) quietest = { measured, disturbance };
    if (quietest.disturbance <= tolerated) break;
  }
  if (quietest === null) throw new Error("nothing was measured");
  return quietest;
}

async function untilQuiet(): Promise<void> {
  const end = performance.now() + patienceMs;
  let before = await readTimes();
  while (performance.now() < end) {
    await after(500);
    const now = await readTimes();
    if (shareOfOthers(before, now) <= tolerated) return;
    before = now;
  }
}

/** Processor time in ticks since the machine started. */
export interface ProcessorTimes {
  /** Of all processors together, idle or not. */
  readonly total: number;
  /** Used by processes, or taken by other machines of the host; the kernel's interrupt work belongs to nobody. */
  readonly used: number;
  /** Used by this process and those of its children that have ended. */
  readonly own: number;
}

/** Share of the processor time between two readings that was used by other processes. */
export function shareOfOthers(before: ProcessorTimes, now: ProcessorTimes): number {
  const total = now.total - before.total;
  const others = now.used - before.used - (now.own - before.own);
  return total <= 0 ? 0 : Math.max(0, others / total);
}

async function readTimes(): Promise<ProcessorTimes> {
  try {
    const [machine, self] = await Promise.all([readFile("/proc/stat", "utf8"), readFile("/proc/self/stat", "utf8")]);
    const all = (machine.split("\n", 1)[0] ?? "").split(/\s+/).slice(1, 9).map(Number);
    const [user = 0, nice = 0, system = 0, , , , , steal = 0] = all;
    // The name in parentheses may hold anything, so fields are counted from its end: utime, stime, cutime, cstime.
    const own = self
      .slice(self.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 15)
      .map(Number);
    return { total: sum(all), used: user + nice + system + steal, own: sum(own) };
  } catch {
    return { total: 0, used: 0, own: 0 };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
