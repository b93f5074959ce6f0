import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SavedFile } from "./saved-file.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-saved-"));
  path = join(directory, "memory");
});

afterEach(() => rm(directory, { recursive: true }));

function saved(format = "test/1"): SavedFile {
  return new SavedFile(path, format, (error) => {
    throw error;
  });
}

async function write(content: string): Promise<void> {
  const file = saved();
  file.save(() => content);
  await file.flush();
}

test("what was saved is loaded again", async () => {
  await write("hello\nworld");
  expect(await saved().load()).toEqual({ found: "content", body: "hello\nworld" });
});

test("nothing saved is no error", async () => {
  expect(await saved().load()).toEqual({ found: "nothing" });
});

test("only this user can read it, and no temporary file stays behind", async () => {
  await write("secret");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["memory"]);
});

test("a damaged file is set aside and said", async () => {
  await write("hello");
  await writeFile(path, (await readFile(path, "utf8")).replace("hello", "jello"));
  expect(await saved().load()).toEqual({
    found: "damaged",
    setAside: `${path}.damaged`,
    reason: "its checksum does not match",
  });
  expect(await saved().load()).toEqual({ found: "nothing" });
});

test("a file cut short is set aside", async () => {
  await write("hello");
  await writeFile(path, "test/1 ");
  expect((await saved().load()).found).toBe("damaged");
});

test("a file of another format is set aside", async () => {
  await write("hello");
  expect(await saved("test/2").load()).toMatchObject({ found: "damaged", reason: "it is not of format test/2" });
});

test("a write that failed is said to who asks, and made up for by the next one", async () => {
  const failures: unknown[] = [];
  const missing = join(directory, "missing");
  const file = new SavedFile(join(missing, "memory"), "test/1", (error) => failures.push(error));
  file.save(() => "hello");
  expect(await file.flush()).toBe(false);
  expect(failures).toMatchObject([{ code: "ENOENT" }]);
  await mkdir(missing);
  expect(await file.flush()).toBe(true);
  expect(await file.load()).toEqual({ found: "content", body: "hello" });
});

test("of a burst of saves the last content is written", async () => {
  const file = saved();
  for (const content of ["a", "b", "c"]) file.save(() => content);
  await file.flush();
  expect(await saved().load()).toEqual({ found: "content", body: "c" });
});
