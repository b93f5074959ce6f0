import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AgentMemory, MemoryFiles } from "./memory-parts.ts";
import { writeSaved } from "./saved-file.ts";

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "tandem-memory-")), "memory.d");
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

const memory: AgentMemory = {
  decisions: [["shop/web/80", { holds: {}, serving: { site: "west", since: 1 } }]],
  listenPorts: [["shop/web/80", 20001]],
  switches: [],
  members: [],
  addresses: [["gw.east.example", "192.0.2.1"]],
};

function filesOf(content: AgentMemory): MemoryFiles {
  const parts = {
    decisions: () => content.decisions,
    listenPorts: () => content.listenPorts,
    switches: () => content.switches,
    members: () => content.members,
    addresses: () => content.addresses,
  };
  return new MemoryFiles(directory, parts, (error) => expect.fail(String(error)));
}

async function write(): Promise<void> {
  const files = filesOf(memory);
  await files.load();
  files.save("decisions");
  files.save("listenPorts");
  files.save("addresses");
  await files.flush();
}

test("what was saved is there after a restart", async () => {
  await write();
  expect(await filesOf(memory).load()).toEqual({ memory, lost: [] });
});

test("a damaged part is set aside with what to do, and the others count", async () => {
  await write();
  await writeFile(join(directory, "decisions"), "half a fi");
  const { memory: read, lost } = await filesOf(memory).load();
  expect(read).toEqual({ ...memory, decisions: [] });
  expect(lost).toEqual([
    {
      setAside: join(directory, "decisions.damaged"),
      reason: "it is not of format tandem-memory/1",
      remedy: "Nothing: services may go back to their first site before holdDown is over",
    },
  ]);
});

test.each([
  ["another form", '[["shop/web/80"]]'],
  ["no JSON", "half a fi"],
])("a part whose checksum is good and whose content has %s is set aside like a damaged one", async (_name, content) => {
  await write();
  await writeSaved(join(directory, "listenPorts"), "tandem-memory/1", content);
  const { memory: read, lost } = await filesOf(memory).load();
  expect(read).toEqual({ ...memory, listenPorts: [] });
  expect(lost).toMatchObject([
    { setAside: join(directory, "listenPorts.damaged"), reason: "its content is not of the form it should have" },
  ]);
  expect((await filesOf(memory).load()).lost).toEqual([]);
});

test("what a killed process was writing is removed", async () => {
  await write();
  await writeFile(join(directory, "members.0123456789ab.tmp"), "half");
  await filesOf(memory).load();
  expect(await readdir(directory)).toEqual(["addresses", "decisions", "listenPorts"]);
});
