/**
 * What a process uses, as Linux counts it.
 * @module
 */
import { readFile } from "node:fs/promises";

/** The kernel counts processor time in hundredths of a second. */
const msPerTick = 10;

/** Memory of a process in MB (10^6 bytes): now, and at most since it started. */
export async function readMemory(pid: number): Promise<{ readonly rssMb: number; readonly peakMb: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
    return (Number(kilobytes) * 1024) / 1e6;
  };
  return { rssMb: megabytes("VmRSS"), peakMb: megabytes("VmHWM") };
}

/** Processor time that a process and all its threads have used, in ms. */
export async function readProcessorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold anything, so fields are counted from its end: utime, stime.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) * msPerTick;
}
