import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../process/process-identity.ts";
import { takeLock } from "./process-lock.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-lock-"));
  path = join(directory, "agent.lock");
});
afterEach(() => rm(directory, { recursive: true }));

const many = Array.from({ length: 20 });

test("it is held until it is released, and leaves nothing behind", async () => {
  const release = await takeLock(path);
  expect(await takeLock(path)).toBeUndefined();
  await release?.();
  expect(await readdir(directory)).toEqual([]);
  expect(await takeLock(path)).toBeDefined();
});

test.each([
  ["nobody held it", () => Promise.resolve()],
  ["its holder has ended", () => writeFile(path, JSON.stringify({ pid: process.pid, started: "1" }))],
  ["its file is damaged", () => writeFile(path, "half a fi")],
  ["whoever took it over was killed meanwhile", killedInTakeover],
])("of many that take it at once one gets it: %s", async (_before, prepare) => {
  for (const _round of many) {
    await prepare();
    const taken = await Promise.all(many.map(() => takeLock(path)));
    expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
    await taken.find((one) => one !== undefined)?.();
    expect(await readdir(directory)).toEqual([]);
  }
});

async function killedInTakeover(): Promise<void> {
  await writeFile(path, JSON.stringify({ pid: process.pid, started: "1" }));
  await writeFile(`${path}.${process.pid}-1`, JSON.stringify({ pid: process.pid, started: "2" }));
}

test("a process that runs keeps it, and one that was killed does not", async () => {
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(other, "spawn");
  await writeFile(path, JSON.stringify(await identifyProcess(other.pid ?? 0)));
  expect(await takeLock(path)).toBeUndefined();
  other.kill("SIGKILL");
  await once(other, "exit");
  expect(await takeLock(path)).toBeDefined();
});
