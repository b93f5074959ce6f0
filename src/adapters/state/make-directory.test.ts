import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory, removeMade } from "./make-directory.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tandem-make-directory-"));
});

afterEach(() => rm(root, { recursive: true }));

test("what is missing is made and can be taken back, as far as nothing is in it", async () => {
  const path = join(root, "a/b/c");
  const made = await makeDirectory(path, 0o700);
  expect(made).toEqual([join(root, "a"), join(root, "a/b"), path]);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await makeDirectory(path)).toEqual([]);
  await writeFile(join(root, "a/file"), "");
  await removeMade(made);
  expect(await readdir(join(root, "a"))).toEqual(["file"]);
});

test("where a file is in the way nothing is made", async () => {
  await writeFile(join(root, "file"), "");
  await expect(makeDirectory(join(root, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(join(root, "file/below/it"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test("below a directory of the kernel it fails instead of never ending", async () => {
  await expect(makeDirectory("/proc/tandem/state")).rejects.toHaveProperty("code");
});
