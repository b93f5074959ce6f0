import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SiteDirectory } from "../../adapters/files/site-directory.ts";
import { callLocal, isAgentListening } from "../../adapters/http/local-client.ts";
import { createAuthority } from "../../adapters/pki/certificate-authority.ts";
import { createStateDirectory, type StatePaths, writeGatewayRecord } from "../../adapters/state/state-directory.ts";
import { replaceFile } from "../../adapters/state/write-file.ts";
import { trustDomain } from "../../model/identity.ts";
import { Agent } from "./agent.ts";
import { type AgentOptions, startAgent } from "./index.ts";

let directory: string;
let paths: StatePaths;
let options: Omit<AgentOptions, "store">;
let siteDirectory: string;

/** What an agent that is started now gets. */
const withStore = (): AgentOptions => ({ ...options, store: new SiteDirectory(siteDirectory) });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-agent-"));
  siteDirectory = join(directory, "west");
  await mkdir(siteDirectory);
  paths = await createStateDirectory(join(directory, "state"));
  const authority = await createAuthority(trustDomain("west"), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site: "west", gateway: "west-1", issuer: true });
  options = {
    stateDirectory: paths.root,
    version: "test",
    clock: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    random: () => 0.5,
  };
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

const writeSite = (): Promise<void> =>
  writeFile(
    join(siteDirectory, "site.yaml"),
    "apiVersion: tandem.dev/v1alpha1\nkind: Site\nmetadata: {name: west}\nspec: {gateways: [{name: west-1, address: 127.0.0.1}]}\n",
  );

/** Sockets of the state directory on which somebody listens. */
async function listening(): Promise<string[]> {
  const sockets = ["adsSocket", "localSocket", "peerSocket"] as const;
  const open = await Promise.all(sockets.map((name) => isAgentListening(paths[name])));
  return sockets.filter((_name, index) => open[index]);
}

test("one agent runs from a state directory, a second one is refused and changes nothing", async () => {
  await writeSite();
  const agent = await startAgent(withStore());
  expect(await listening()).toEqual(["adsSocket", "localSocket", "peerSocket"]);
  const before = await readdir(paths.root);
  await expect(startAgent(withStore())).rejects.toMatchObject({ code: "AgentRunning" });
  expect(await readdir(paths.root)).toEqual(before);
  expect(await callLocal(paths.localSocket, "GET", "/status")).toMatchObject({ site: "west", gateway: "west-1" });
  await agent.close();
  expect(await listening()).toEqual([]);
});

test.each([
  ["a site directory without the own Site", () => Promise.resolve(), { code: "AgentCannotStart" }],
  [
    "damaged tokens",
    async () => {
      await writeSite();
      await writeFile(paths.tokens, "half a fi");
    },
    { code: "AgentCannotStart", message: expect.stringMatching(/\/tokens /) as unknown },
  ],
])("with %s an agent does not start and leaves nothing open", async (_name, prepare, failure) => {
  await prepare();
  const intervals = vi.spyOn(globalThis, "setInterval");
  const cleared = vi.spyOn(globalThis, "clearInterval");
  await expect(startAgent(withStore())).rejects.toMatchObject(failure);
  expect(await listening()).toEqual([]);
  const ended = new Set<unknown>(cleared.mock.calls.map(([interval]) => interval));
  const started = intervals.mock.results.map(({ value }) => value as unknown);
  expect(started.length).toBeGreaterThan(0);
  expect(started.filter((interval) => !ended.has(interval))).toHaveLength(0);
});

test("that a site takes part is not acknowledged while it cannot be written, and written when it can", async () => {
  await writeSite();
  const agent = await Agent.start(withStore());
  await rm(paths.memory, { recursive: true });
  const east = { name: "east", gateways: [], trustBundle: "", labels: {}, accepted: false, at: 1 };
  await expect(agent.admit(east)).rejects.toMatchObject({ code: "StateNotWritten" });
  expect(agent.members()).toEqual([east]);
  await mkdir(paths.memory);
  await agent.close();
  const restarted = await Agent.start(withStore());
  expect(restarted.members()).toEqual([east]);
  await restarted.close();
});

describe("a state directory with a file that is not what it should be", () => {
  const garbage = "-----BEGIN NONSENSE-----";
  test.each([
    ["an empty gateway.json", "gateway.json", ""],
    ["garbage in gateway.json", "gateway.json", "half a fi"],
    ["a gateway.json of another form", "gateway.json", "{}"],
    ["no authority.key", "authority.key", undefined],
    ["an empty authority.key", "authority.key", ""],
    ["garbage in authority.key", "authority.key", garbage],
    ["no authority.pem", "authority.pem", undefined],
    ["an empty authority.pem", "authority.pem", ""],
    ["garbage in authority.pem", "authority.pem", garbage],
    ["a leaf.pem with garbage", "leaf.pem", `${garbage}\n-----BEGIN PRIVATE KEY-----\n`],
  ])("such as %s is refused, naming the file", async (_name, file, content) => {
    await writeSite();
    const path = join(paths.root, file);
    await rm(path, { force: true });
    if (content !== undefined) await writeFile(path, content, { mode: 0o600 });
    await expect(startAgent(withStore())).rejects.toMatchObject({
      code: "AgentCannotStart",
      exit: 3,
      message: expect.stringContaining(path) as unknown,
    });
    expect(await listening()).toEqual([]);
  });

  test("such as the key of another authority is refused, naming both files", async () => {
    await writeSite();
    await replaceFile(paths.authorityKey, (await createAuthority(trustDomain("west"), Date.now())).key);
    await expect(startAgent(withStore())).rejects.toMatchObject({
      code: "AgentCannotStart",
      message: `the key in ${paths.authorityKey} is not that of ${paths.authorityCertificate}`,
    });
  });
});

test.each(["ads.sock", "agent.sock", "peer.sock", "memory.d", "events.log"])(
  "where the system refuses %s an agent cannot start, and says what was refused",
  async (name) => {
    await writeSite();
    // What is in the way can be neither replaced nor used.
    await rm(join(paths.root, name), { force: true, recursive: true });
    if (name === "memory.d") await writeFile(join(paths.root, name), "");
    else await mkdir(join(paths.root, name, "in-the-way"), { recursive: true });
    await expect(startAgent(withStore())).rejects.toMatchObject({
      code: "AgentCannotStart",
      exit: 3,
      message: expect.stringContaining(name) as unknown,
    });
  },
);

describe("the end of a switch", () => {
  const manifests = [
    "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{name: http, port: 80, appProtocol: http}]}}",
    "{apiVersion: tandem.dev/v1alpha1, kind: FailoverPolicy, metadata: {name: web, namespace: shop}, spec: {targetRefs: [{kind: Service, name: web}], sites: [{name: west}, {name: east}]}}",
  ].join("\n---\n");
  const send = (path: string, body: unknown): Promise<unknown> => callLocal(paths.localSocket, "POST", path, body);

  test("says whether one was in force", async () => {
    await writeSite();
    await writeFile(join(siteDirectory, "web.yaml"), manifests);
    const agent = await startAgent(withStore());
    expect(await send("/switch/end", { service: "shop/web" })).toMatchObject({ wasInForce: false });
    await send("/switch", { service: "shop/web", to: "west" });
    expect(await send("/switch/end", { service: "shop/web" })).toMatchObject({ wasInForce: true, over: true });
    expect(await send("/switch/end", { service: "shop/web" })).toMatchObject({ wasInForce: false });
    await agent.close();
  });

  test("and its beginning name a service by namespace and name, and a time that is one", async () => {
    await writeSite();
    const agent = await startAgent(withStore());
    const wrong = [
      ["/switch/end", { service: "web" }],
      ["/switch", { service: "web", to: "east", forMs: 0 }],
    ] as const;
    for (const [path, body] of wrong) {
      const named = { code: "InvalidArgument", message: expect.stringContaining("such as shop/web") as unknown };
      await expect(send(path, body)).rejects.toMatchObject(named);
    }
    await agent.close();
  });
});
