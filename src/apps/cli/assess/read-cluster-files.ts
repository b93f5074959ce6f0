/**
 * Files with the objects of a cluster -> a snapshot, and everything that is wrong with them.
 * @module
 */
import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { formatPath } from "../../../model/field-path.ts";
import { type LocatedValue, readDocuments, type SourcePlace } from "../../../adapters/files/yaml-documents.ts";
import { isSnapshotFile, readSnapshotFile } from "../../../adapters/files/snapshot-file.ts";
import { TandemError } from "../../../model/errors.ts";
import type { Problem } from "../../../model/problem.ts";
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { readSnapshot } from "../../../model/snapshot/read-snapshot.ts";

/** What stands for standard input. */
const STANDARD_INPUT = "-";

const MANIFEST = /\.(ya?ml|json)$/;

const Named = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ namespace: z.string().optional(), name: z.string() }),
});

/** What was read of files. */
export interface ClusterFiles {
  readonly snapshot: ClusterSnapshot;
  /** Objects and documents that are left out. */
  readonly problems: readonly Problem[];
  /** How many objects of each kind there were that do not decide where pods run. */
  readonly otherKinds: ReadonlyMap<string, number>;
  /** Where a field of an object of the snapshot stands; without a line in JSON of a whole cluster. */
  readonly locate: (object: object, path: readonly PropertyKey[]) => SourcePlace | undefined;
}

/**
 * Reads files, folders with all below them, and `-` for standard input: YAML, JSON, Lists, snapshots.
 * @throws TandemError InvalidArgument when a path is not there, or a snapshot cannot be read
 */
export async function readClusterFiles(paths: readonly string[]): Promise<ClusterFiles> {
  return snapshotOf((await Promise.all(paths.map(documentsAt))).flat());
}

/** What documents with objects come to. */
export function snapshotOf(documents: Documents): ClusterFiles {
  const values = documents.flatMap((document) => (document.ok ? document.value : []));
  const problems = documents.flatMap((document) => (document.ok ? [] : document.problems));
  const read = readSnapshot(values.map(({ value }) => value));
  const wrong = read.problems.map(({ index, path, message }) =>
    values[index]?.problemAt(path, lowerFirst(message), "Correct it; the object is left out"),
  );
  return {
    snapshot: read.snapshot,
    problems: [...problems, ...wrong.filter((problem) => problem !== undefined)],
    otherKinds: read.otherKinds,
    locate: (object, path) => values[read.sources.get(object) ?? -1]?.placeOf(path),
  };
}

type Documents = ReturnType<typeof readDocuments>;

async function documentsAt(path: string): Promise<Documents> {
  const stats = path === STANDARD_INPUT ? undefined : await requireStats(path);
  if (stats?.isDirectory() !== true && isSnapshotFile(path)) {
    const objects = await readSnapshotFile(path);
    return [{ ok: true, value: objects.map((value) => withoutLine(path, value, nameAsPath(value))) }];
  }
  const contents = await contentsOf(path, stats);
  return contents.flatMap(({ file, content }) => documentsOf(file, content));
}

/** Its name says more than the number of its line. */
function nameAsPath(value: unknown): readonly PropertyKey[] {
  const name = objectName(value);
  return name === "" ? [] : [name];
}

/** `Pod/shop/web`; empty where it has no name. */
export function objectName(value: unknown): string {
  const named = Named.safeParse(value);
  if (!named.success) return "";
  const { kind, metadata } = named.data;
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join("/");
}

/** JSON of whole clusters is large: it is read without the lines of its fields. */
function documentsOf(file: string, content: string): Documents {
  if (!content.trimStart().startsWith("{")) return readDocuments(file, content);
  let whole: unknown;
  try {
    whole = JSON.parse(content);
  } catch {
    // Several documents, or a mistake that has a line there.
    return readDocuments(file, content);
  }
  return [{ ok: true, value: itemsOf(whole).map(({ value, at }) => withoutLine(file, value, at)) }];
}

function itemsOf(whole: unknown): readonly { readonly value: unknown; readonly at: readonly PropertyKey[] }[] {
  const items: unknown = typeof whole === "object" && whole !== null && "items" in whole ? whole.items : undefined;
  if (!Array.isArray(items)) return [{ value: whole, at: [] }];
  return items.map((value: unknown, index) => ({ value, at: ["items", index] }));
}

/** An object of which only the whole has a place. @param at where it stands in its file */
export function withoutLine(file: string, value: unknown, at: readonly PropertyKey[]): LocatedValue {
  return {
    value,
    line: 1,
    problemAt: (path, message, remedy) => ({ file, field: formatPath([...at, ...path]), message, remedy }),
    placeOf: () => ({ file }),
  };
}

interface FileContent {
  readonly file: string;
  readonly content: string;
}

async function requireStats(path: string): Promise<Stats> {
  return await stat(path).catch((error: unknown) => {
    throw new TandemError("InvalidArgument", `${path} cannot be read`, {
      cause: error,
      remedy: "Name an existing file or directory, or - for standard input",
    });
  });
}

/** @param stats of the path; undefined for standard input */
async function contentsOf(path: string, stats: Stats | undefined): Promise<readonly FileContent[]> {
  if (stats === undefined) return [{ file: "standard input", content: await text(process.stdin) }];
  const files = stats.isDirectory()
    ? (await readdir(path, { recursive: true })).filter((name) => MANIFEST.test(name)).map((name) => join(path, name))
    : [path];
  return await Promise.all(files.toSorted().map(async (file) => ({ file, content: await readFile(file, "utf8") })));
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
