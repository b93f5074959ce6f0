import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Lab } from "./lab.ts";
import { claimLabDirectory, clearLabDirectory, removeLabDirectory } from "./lab-directory.ts";
import { LAB_DEFAULTS, type LabOptions } from "./layout.ts";

let options: LabOptions;
let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "tandem-lab-directory-")), "lab");
  options = { ...LAB_DEFAULTS, directory };
});

afterEach(() => rm(join(directory, ".."), { recursive: true }));

const untouched = async (files: Readonly<Record<string, string>>): Promise<void> => {
  expect(await readdir(directory)).toEqual(Object.keys(files).sort());
  for (const [name, text] of Object.entries(files)) expect(await readFile(join(directory, name), "utf8")).toBe(text);
};

test.each([
  ["a file", { f: "x" }],
  ["a lab.json of something else", { "lab.json": "{}", f: "x" }],
  ["a lab.json that is no JSON", { "lab.json": "lab" }],
  ["a processes.json", { "processes.json": "[]", f: "x" }],
])("a directory with %s is not a lab's: neither up nor down touches it", async (_name, files) => {
  await mkdir(directory);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  await expect(Lab.up(options, () => {})).rejects.toMatchObject({ code: "DirectoryInUse", exit: 5 });
  await untouched(files);
  expect(await Lab.down(directory)).toBeUndefined();
  await untouched(files);
  await expect(Lab.open(directory)).rejects.toMatchObject({ code: "LabNotRunning" });
});

test("without a directory, or with an empty one, there is no lab to end", async () => {
  expect(await Lab.down(directory)).toBeUndefined();
  expect(existsSync(directory)).toBe(false);
  await mkdir(directory);
  expect(await Lab.down(directory)).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

test("what a killed lab left is cleared by the next one and by its end, but nothing beside its directory", async () => {
  await mkdir(`${directory}.cache`);
  await claimLabDirectory(options);
  await mkdir(join(directory, "west-1"));
  await writeFile(join(directory, "west-1/leaf.pem"), "");
  await claimLabDirectory({ ...options, prefix: "127.30" });
  await clearLabDirectory(directory);
  expect(await readdir(directory)).toEqual(["lab.json"]);
  await writeFile(join(directory, "agent-west-1.log"), "");
  expect(await Lab.down(directory)).toBe(0);
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(`${directory}.cache`)).toBe(true);
  expect(await Lab.down(directory)).toBeUndefined();
});

test("a lab that was killed while it wrote its record leaves a directory that can be claimed", async () => {
  await mkdir(directory);
  await writeFile(join(directory, "lab.json.0123456789ab.tmp"), "{");
  await claimLabDirectory(options);
  await removeLabDirectory(directory);
  expect(existsSync(directory)).toBe(false);
});
