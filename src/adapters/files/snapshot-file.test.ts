import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSnapshotFile, writeSnapshotFile } from "./snapshot-file.ts";

const HEAD = { takenAt: "2026-12-01T00:00:00Z", server: "https://127.0.0.1:6443" };
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-snapshot-"));
  path = join(directory, "snap.json.zst");
});

afterEach(() => rm(directory, { recursive: true }));

async function* of(...objects: readonly object[]): AsyncGenerator<object> {
  yield* objects;
}

test("what was written is read, and nobody else may read it", async () => {
  const objects = [{ kind: "Node" }, { kind: "Pod", text: "a\nb" }];
  await writeSnapshotFile(path, HEAD, of(...objects));
  expect(await readSnapshotFile(path)).toEqual(objects);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what ends in the middle leaves what was there before, and nothing beside it", async () => {
  await writeSnapshotFile(path, HEAD, of({ kind: "Node" }));
  const ends = (async function* (): AsyncGenerator<object> {
    yield { kind: "Pod" };
    throw new Error("gone");
  })();
  await expect(writeSnapshotFile(path, HEAD, ends)).rejects.toThrow("gone");
  expect(await readSnapshotFile(path)).toEqual([{ kind: "Node" }]);
  expect(await readdir(directory)).toEqual(["snap.json.zst"]);
});

test("a file that was cut short is said to be", async () => {
  await writeSnapshotFile(path, HEAD, of(...Array.from({ length: 1_000 }, (_, name) => ({ kind: "Node", name }))));
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, whole.length / 2));
  await expect(readSnapshotFile(path)).rejects.toThrow("is not a whole snapshot");
});

test.each([
  ["no head", '{"kind":"Node"}\n', "line 1 cannot be read"],
  ["nothing at all", "", "line 1 cannot be read"],
  ["a line that is no JSON", '{"apiVersion":"tandem.dev/snapshot-v1","kind":"ClusterSnapshot"}\n{\n', "line 2 cannot"],
  ["a form of tomorrow", '{"apiVersion":"tandem.dev/snapshot-v2","kind":"ClusterSnapshot"}\n', "snapshot-v2; this"],
])("refused: %s", async (_what, content, message) => {
  await writeFile(path, zstdCompressSync(content));
  await expect(readSnapshotFile(path)).rejects.toThrow(message);
});

test("a file that is not there, and one that is not compressed", async () => {
  await expect(readSnapshotFile(path)).rejects.toThrow("is not a whole snapshot");
  await writeFile(path, "plain");
  await expect(readSnapshotFile(path)).rejects.toThrow("is not a whole snapshot");
});

test("one line says what it is to whoever unpacks it", async () => {
  await writeSnapshotFile(path, HEAD, of());
  expect(JSON.parse(zstdDecompressSync(await readFile(path)).toString())).toEqual({
    apiVersion: "tandem.dev/snapshot-v1",
    kind: "ClusterSnapshot",
    ...HEAD,
  });
});
