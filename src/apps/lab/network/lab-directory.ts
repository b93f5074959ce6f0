/**
 * The directory of a lab. Its record is the first file written and the last one removed: a directory that has other
 * files and no record was never a lab's, and nothing in it is touched.
 * @module
 */
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../../adapters/state/make-directory.ts";
import { replaceFile } from "../../../adapters/state/write-file.ts";
import { TandemError } from "../../../model/errors.ts";
import { LabOptions } from "./layout.ts";

const RECORD = "lab.json";

/** What a process that was killed while it wrote the record leaves behind. */
const HALF_RECORD = /^lab\.json\.[0-9a-f]+\.tmp$/;

/** The record of the lab of a directory; undefined when the directory is not a lab's. */
export async function readLabRecord(directory: string): Promise<LabOptions | undefined> {
  try {
    return LabOptions.parse(JSON.parse(await readFile(join(directory, RECORD), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Makes a directory a lab's: one that is new, empty, or a lab's already.
 * @throws TandemError DirectoryInUse when it holds anything else
 */
export async function claimLabDirectory(options: LabOptions): Promise<void> {
  const { directory } = options;
  await makeDirectory(directory, 0o700);
  const names = (await readdir(directory)).filter((name) => !HALF_RECORD.test(name));
  if (names.length > 0 && (await readLabRecord(directory)) === undefined)
    throw new TandemError("DirectoryInUse", `${directory} holds files that are not a lab's, for example ${names[0]}`);
  await replaceFile(join(directory, RECORD), JSON.stringify(options));
}

/** Removes all files of a lab but its record. Its processes have to be ended before. */
export async function clearLabDirectory(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name !== RECORD);
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/** Removes a lab's directory. Its processes have to be ended before. */
export async function removeLabDirectory(directory: string): Promise<void> {
  await clearLabDirectory(directory);
  await rm(join(directory, RECORD), { force: true });
  await rmdir(directory);
}
