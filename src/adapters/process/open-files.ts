import { readFile } from "node:fs/promises";

/** How many files and sockets a child of this process may have open at once; undefined where the system does not say. */
export async function openFilesLimit(): Promise<number | undefined> {
  const text = await readFile("/proc/self/limits", "utf8").catch(() => "");
  return parseOpenFilesLimit(text);
}

/** Reads `/proc/PID/limits`, see proc_pid_limits(5): the soft limit, which Node has raised to the hard one at its start. */
export function parseOpenFilesLimit(text: string): number | undefined {
  const limit = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
  return limit === undefined ? undefined : Number(limit);
}
