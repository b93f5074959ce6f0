/**
 * The check of manifests that runs without an agent.
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ObjectIndex } from "../../adapters/files/object-index.ts";
import { parseManifest } from "../../adapters/files/parse-manifest.ts";
import { isManifestName } from "../../adapters/files/site-directory.ts";
import { TandemError } from "../../model/errors.ts";
import type { Problem } from "../../model/problem.ts";

/** What was found: the number of good objects, and every problem. */
export interface CheckedManifests {
  readonly objects: number;
  readonly problems: readonly Problem[];
}

/**
 * Checks files, and the manifests of directories. A file that cannot be read, or a directory without any manifest, is a
 * problem; the others are still checked.
 * @throws TandemError InvalidArgument when a path is not there
 */
export async function checkManifests(paths: readonly string[]): Promise<CheckedManifests> {
  const index = new ObjectIndex();
  const problems: Problem[] = [];
  let objects = 0;
  for (const { path, files } of await Promise.all(paths.map(manifestsIn))) {
    if (files.length === 0) problems.push(noManifest(path));
    for (const file of files) {
      const parsed = await readManifest(file);
      if (!parsed.ok) {
        problems.push(...parsed.problems);
        continue;
      }
      objects += parsed.value.length;
      index.replace(file, parsed.value);
    }
  }
  return { objects, problems: [...problems, ...index.problems()] };
}

/** The last line of what `tandem validate` prints. */
export function summarise({ objects, problems }: CheckedManifests): string {
  const good = objects === 1 ? "1 object" : `${objects} objects`;
  if (problems.length === 0) return `${good}, no problems`;
  return `${good} ${objects === 1 ? "is" : "are"} good, ${problems.length} problem${problems.length === 1 ? "" : "s"}`;
}

async function readManifest(file: string): Promise<ReturnType<typeof parseManifest>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ file, message: `cannot be read: ${reason}`, remedy: "Correct its permissions" }] };
  }
  return parseManifest(file, text);
}

async function manifestsIn(path: string): Promise<{ readonly path: string; readonly files: readonly string[] }> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new TandemError("InvalidArgument", `${path} cannot be read`, {
      cause: error,
      remedy: "Name an existing file or directory",
    });
  });
  if (!stats.isDirectory()) return { path, files: [path] };
  const names = (await readdir(path)).filter(isManifestName).sort();
  return { path, files: names.map((name) => join(path, name)) };
}

function noManifest(directory: string): Problem {
  return {
    file: directory,
    message: "no manifest was found: no file in it ends with .yaml, .yml or .json",
    remedy: "Name the directory that has the manifests itself; those below it are not read",
  };
}
