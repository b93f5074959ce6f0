/**
 * A lock that is a file: taken in one step, and free again when the process that holds it has ended, however it ended.
 * @module
 */
import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { systemErrorCode } from "../../model/errors.ts";
import { identifyProcess, isRunning, type ProcessIdentity } from "../process/process-identity.ts";

const Holder = z.object({ pid: z.number(), started: z.string().regex(/^\d+$/) });

/** Of a file that says of nobody that it holds the lock. */
const NOBODY: ProcessIdentity = { pid: 0, started: "0" };

/**
 * Takes a lock for this process. Gives what releases it; undefined when a process holds it that runs, this one included.
 * Of several that take over from one that has ended exactly one gets it.
 */
export async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const own = await identifyProcess(process.pid);
  if (own === undefined) throw new Error("this process is not listed in /proc");
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(draft, JSON.stringify(own), { flag: "wx", mode: 0o600 });
  try {
    return (await takeWith(draft, path)) ? () => rm(path, { force: true }) : undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeWith(draft: string, path: string): Promise<boolean> {
  for (;;) {
    if (await linked(draft, path)) return true;
    const holder = await holderOf(path);
    if (holder === undefined) continue;
    if (await isRunning(holder)) return false;
    // Whoever takes over from this very holder holds a lock for that: nobody replaces what another one has taken since.
    const release = await takeLock(`${path}.${holder.pid}-${holder.started}`);
    if (release === undefined) return false;
    try {
      const now = await holderOf(path);
      if (now?.pid !== holder.pid || now.started !== holder.started) continue;
      await rename(draft, path);
      return true;
    } finally {
      await release();
    }
  }
}

/** Whether the file was made, with its content, in one step. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when there is no such file any more. */
async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return Holder.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") return undefined;
    if (code !== undefined) throw error;
    return NOBODY;
  }
}
