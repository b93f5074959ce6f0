import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceFile } from "./write-file.ts";

test("a file that cannot be written is named as it was asked for, and no temporary one stays", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tandem-write-file-"));
  const absent = join(directory, "absent/file");
  await expect(replaceFile(absent, "")).rejects.toMatchObject({
    code: "ENOENT",
    path: absent,
    message: `ENOENT: no such file or directory, open '${absent}'`,
  });
  const taken = join(directory, "taken");
  await mkdir(taken);
  await expect(replaceFile(taken, "")).rejects.toMatchObject({ code: "EISDIR", path: taken });
  expect(await readdir(directory)).toEqual(["taken"]);
  await rm(directory, { recursive: true });
});
