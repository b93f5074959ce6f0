/**
 * A cluster's objects in a file: compressed with zstd, a head and then one object a line, so that neither writing nor reading
 * needs all of it at once.
 * @module
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import { z } from "zod";
import { TandemError } from "../../model/errors.ts";
import { replaceFile } from "../state/write-file.ts";

/** The form of the file that this version writes, and the only one that it reads. */
const FORM = { apiVersion: "tandem.dev/snapshot-v1", kind: "ClusterSnapshot" } as const;

/** How the names of such files end. */
const ENDING = ".zst";

/** Longest line, in characters: etcd takes no object of more than 1.5 MiB, custom resources aside. */
const LONGEST_LINE = 16 * 1024 * 1024;

const Head = z.looseObject({ apiVersion: z.string(), kind: z.literal(FORM.kind) });

/** What the first line says of a snapshot. */
export interface SnapshotHead {
  /** RFC 3339. */
  readonly takenAt: string;
  /** Where the API server is. */
  readonly server: string;
}

/** Whether a file is read as a snapshot. */
export function isSnapshotFile(path: string): boolean {
  return path.endsWith(ENDING);
}

/**
 * Writes a snapshot as objects come, mode 0600: a crash leaves what was there before.
 * @throws whatever the objects end with
 */
export async function writeSnapshotFile(
  path: string,
  head: SnapshotHead,
  objects: AsyncIterable<object>,
): Promise<void> {
  await pipeline(linesOf({ ...FORM, ...head }, objects), createZstdCompress(), (compressed) =>
    replaceFile(path, compressed),
  );
}

async function* linesOf(head: object, objects: AsyncIterable<object>): AsyncGenerator<string> {
  yield `${JSON.stringify(head)}\n`;
  for await (const object of objects) yield `${JSON.stringify(object)}\n`;
}

/**
 * The objects of a snapshot.
 * @throws TandemError InvalidArgument when the file is none, is damaged, or is of another version
 */
export async function readSnapshotFile(path: string): Promise<readonly unknown[]> {
  const objects: unknown[] = [];
  let number = 0;
  try {
    const source = createReadStream(path);
    const plain = createZstdDecompress();
    source.on("error", (error) => plain.destroy(error));
    for await (const line of createInterface({ input: source.pipe(plain), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.length > LONGEST_LINE) throw damaged(path, number);
      const value: unknown = JSON.parse(line);
      if (number === 1) requireHead(path, value);
      else objects.push(value);
    }
  } catch (error) {
    throw error instanceof TandemError ? error : damaged(path, number, error);
  }
  if (number === 0) throw damaged(path, 1);
  return objects;
}

function requireHead(path: string, value: unknown): void {
  const head = Head.safeParse(value);
  if (!head.success) throw damaged(path, 1);
  if (head.data.apiVersion !== FORM.apiVersion)
    throw new TandemError(
      "InvalidArgument",
      `${path} is a snapshot of the form ${head.data.apiVersion}; this version reads ${FORM.apiVersion}`,
      { remedy: "Take it anew with tandem snapshot, or read it with the version that took it" },
    );
}

function damaged(path: string, line: number, cause?: unknown): TandemError {
  return new TandemError("InvalidArgument", `${path} is not a whole snapshot: line ${line} cannot be read`, {
    cause,
    remedy: "Take it anew with tandem snapshot",
  });
}
