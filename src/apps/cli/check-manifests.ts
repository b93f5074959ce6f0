/**
 * The check of manifests that runs without an agent.
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LocatedObject, ObjectIndex } from "../../adapters/objects/object-index.ts";
import { parseManifest } from "../../adapters/files/parse-manifest.ts";
import { isManifestName } from "../../adapters/files/site-directory.ts";
import { TandemError } from "../../model/errors.ts";
import type { Problem } from "../../model/problem.ts";
import { auditReferences } from "../../runtime/audit-references.ts";
import { auditListenPorts } from "../../runtime/listen-ports.ts";

/** What was found: the number of objects that are valid in form, and every problem. */
export interface CheckedManifests {
  readonly objects: number;
  readonly problems: readonly Problem[];
}

/**
 * Checks manifests. Every directory is a site of its own; files that are named one by one are one site. A file that
 * cannot be read, or a directory without any manifest, is a problem; the others are still checked.
 * @param now Unix milliseconds
 * @throws TandemError InvalidArgument when a path is not there
 */
export async function checkManifests(paths: readonly string[], now: number): Promise<CheckedManifests> {
  const found = await Promise.all(paths.map(manifestsIn));
  const directories = found.filter(({ isDirectory }) => isDirectory);
  const single = found.filter(({ isDirectory }) => !isDirectory).flatMap(({ files }) => files);
  const sites = await Promise.all([
    ...directories.map(({ files }) => checkSite(files, now)),
    ...(single.length === 0 ? [] : [checkSite(single, now)]),
  ]);
  const empty = directories.filter(({ files }) => files.length === 0).map(({ path }) => noManifest(path));
  return {
    objects: sites.reduce((sum, { objects }) => sum + objects, 0),
    problems: [...empty, ...sites.flatMap(({ problems }) => problems)],
  };
}

async function checkSite(files: readonly string[], now: number): Promise<CheckedManifests> {
  const problems: Problem[] = [];
  const read: [file: string, objects: readonly LocatedObject[]][] = [];
  for (const file of new Set(files)) {
    const parsed = await readManifest(file);
    if (parsed.ok) read.push([file, parsed.value]);
    else problems.push(...parsed.problems);
  }
  const index = new ObjectIndex();
  index.replaceAll(read);
  const objects = read.reduce((sum, [, { length }]) => sum + length, 0);
  problems.push(...index.problems(), ...auditListenPorts(index), ...auditReferences(index, now));
  return { objects, problems };
}

/** The last line of what `tandem validate` prints. */
export function summarise({ objects, problems }: CheckedManifests): string {
  const good = objects === 1 ? "1 object" : `${objects} objects`;
  if (problems.length === 0) return `${good}, no problems`;
  return `${good} ${objects === 1 ? "is" : "are"} valid in form, ${problems.length} problem${problems.length === 1 ? "" : "s"}`;
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

interface NamedManifests {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly files: readonly string[];
}

async function manifestsIn(path: string): Promise<NamedManifests> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new TandemError("InvalidArgument", `${path} cannot be read`, {
      cause: error,
      remedy: "Name an existing file or directory",
    });
  });
  if (!stats.isDirectory()) return { path, isDirectory: false, files: [path] };
  const names = (await readdir(path)).filter(isManifestName).sort();
  return { path, isDirectory: true, files: names.map((name) => join(path, name)) };
}

function noManifest(directory: string): Problem {
  return {
    file: directory,
    message: "no manifest was found: no file in it ends with .yaml, .yml or .json",
    remedy: "Name the directory that has the manifests itself; those below it are not read",
  };
}
