/**
 * Real Envoys, real TLS, real processes: what is broken in one site is served by the other.
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAdmin } from "../../src/adapters/envoy/admin-client.ts";
import { callLocal } from "../../src/adapters/http/local-client.ts";
import { statePaths } from "../../src/adapters/state/state-directory.ts";
import { breakIt, type FaultKind, heal, parseTarget } from "../../src/apps/lab/network/faults.ts";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS } from "../../src/apps/lab/network/layout.ts";
import { type LabLoad, startLoad } from "../../src/apps/lab/network/load.ts";
import type { SummaryLine } from "../../src/apps/lab/load/lines.ts";

let lab: Lab;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "td-"));
  lab = await Lab.up(
    { ...LAB_DEFAULTS, directory, prefix: "127.65", profile: "fast", perTryTimeout: "250ms", holdDown: "1s" },
    () => {},
  );
}, 120_000);

afterAll(async () => {
  await Lab.down(lab.options.directory);
});

/** Sends load and breaks something in the middle of it, when answers have come for a while. */
async function loadWithFaults(
  load: Partial<LabLoad>,
  faults: readonly (readonly [FaultKind, string])[],
): Promise<SummaryLine> {
  let broken: Promise<void> | undefined;
  const sent = startLoad(lab, { protocol: "http", method: "GET", rate: 200, durationMs: 3_000, ...load }, (line) => {
    if (line.type !== "progress" || line.atMs < 1_000) return;
    broken ??= inOrder(faults);
  });
  const summary = await sent.summary;
  await broken;
  return summary;
}

async function inOrder(faults: readonly (readonly [FaultKind, string])[]): Promise<void> {
  for (const [index, [kind, target]] of faults.entries()) {
    // "Killed, then ...": the second fault meets a site that has taken over.
    if (index > 0 && target.startsWith("gateway/")) await untilServing("east");
    await breakIt(lab, parseTarget(lab, target), kind);
  }
}

async function untilServing(site: string): Promise<void> {
  await expect.poll(() => serving(), { timeout: 10_000, interval: 20 }).toBe(site);
}

async function mend(): Promise<void> {
  await heal(lab, undefined);
  await lab.waitUntilWell();
}

describe("a GET is answered although", () => {
  test.each<[string, readonly (readonly [FaultKind, string])[]]>([
    ["every local endpoint is killed", [["crash", "west"]]],
    ["every local endpoint hangs", [["hang", "west"]]],
    ["every local endpoint answers 503", [["5xx", "west"]]],
    ["every local endpoint answers every second request with 503", [["half", "west"]]],
    ["every local endpoint takes 5 s", [["slow", "west"]]],
    ["every local endpoint resets connections", [["reset", "west"]]],
    ["every local endpoint is not ready", [["unready", "west"]]],
    ["the local check is wrong", [["check", "west"]]],
    [
      "the endpoints are killed and one gateway of the peer hangs",
      [
        ["crash", "west"],
        ["hang", "gateway/east-1"],
      ],
    ],
    [
      "the endpoints are killed and one gateway of the peer is killed",
      [
        ["crash", "west"],
        ["crash", "gateway/east-2"],
      ],
    ],
    [
      "all agents are dead when the endpoints are killed",
      [
        ["crash", "agent/west-1"],
        ["crash", "agent/west-2"],
        ["crash", "agent/east-1"],
        ["crash", "agent/east-2"],
        ["crash", "west"],
      ],
    ],
  ])("%s", async (_name, faults) => {
    const summary = await loadWithFaults({}, faults);
    await mend();
    expect(summary.failures).toEqual({});
    expect(summary.unfinished).toBe(0);
    expect(summary.servedBy["east"]).toBeGreaterThan(0);
  });
});

test("no new TCP connection fails once every local endpoint is dead, noticed or not", async () => {
  await breakIt(lab, parseTarget(lab, "west"), "crash");
  await expect.poll(() => lab.processes.running("endpoint/west"), { timeout: 5_000, interval: 5 }).toEqual([]);
  const summary = await startLoad(lab, { protocol: "tcp", method: "GET", rate: 50, durationMs: 2_000 }, () => {})
    .summary;
  await mend();
  expect(summary.failures).toEqual({});
  expect(summary.servedBy).toEqual({ east: 100 });
});

test.each(["PUT", "DELETE", "POST"])(
  "%s is served by the other site once the local endpoints are gone",
  async (method) => {
    await breakIt(lab, parseTarget(lab, "west"), "crash");
    await untilServing("east");
    const summary = await startLoad(lab, { protocol: "http", method, rate: 100, durationMs: 1_000 }, () => {}).summary;
    await mend();
    expect(summary.failures).toEqual({});
    expect(summary.servedBy).toEqual({ east: 100 });
  },
);

test("an agent killed and started again changes nothing in Envoy", async () => {
  const before = await versionsInForce();
  expect(before).not.toBe("");
  const summary = await loadWithFaults({ durationMs: 2_000 }, [["crash", "agent/west-1"]]);
  await heal(lab, parseTarget(lab, "agent/west-1"));
  await lab.waitUntilWell();
  expect(summary.failures).toEqual({});
  expect(await versionsInForce()).toBe(before);
  expect(await toldWhenEnvoyCame("west-1")).toEqual({ bytes: 0, first: [] });
});

test("an Envoy started again serves from the snapshot when all but its own agent is dead", async () => {
  for (const target of ["west-2", "east-1", "east-2"]) {
    await breakIt(lab, parseTarget(lab, `agent/${target}`), "crash");
    await breakIt(lab, parseTarget(lab, `gateway/${target}`), "crash");
  }
  await breakIt(lab, parseTarget(lab, "gateway/west-1"), "crash");
  await heal(lab, parseTarget(lab, "gateway/west-1"));
  // The pods' checks have to pass first; nobody else is there to ask.
  await expect.poll(statusOfFirstGateway, { timeout: 30_000, interval: 50 }).toBe(200);
  await mend();
});

test("a switch moves a healthy service and back", async () => {
  const socket = statePaths(lab.gateway("west-1")?.state ?? "").localSocket;
  await callLocal(socket, "POST", "/switch", { service: "shop/web", to: "east", reason: "maintenance" });
  await expect.poll(() => serving(), { timeout: 5_000, interval: 50 }).toBe("east");
  // Carried to the sibling gateway and to the other site.
  for (const name of ["west-2", "east-1", "east-2"])
    await expect.poll(() => serving(name), { timeout: 5_000, interval: 50 }).toBe("east");
  await callLocal(socket, "POST", "/switch/end", { service: "shop/web" });
  await expect.poll(() => serving(), { timeout: 5_000, interval: 50 }).toBe("west");
  await lab.waitUntilWell();
});

test("a Switch manifest of one site moves both, is ended by nobody else, and is over when it is gone", async () => {
  const file = join(lab.sites[0].manifests, "switch.yaml");
  await writeFile(
    file,
    "apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: maintenance, namespace: shop}\n" +
      "spec: {targetRef: {kind: Service, name: web}, to: east}\n",
  );
  for (const name of ["west-1", "west-2", "east-1", "east-2"])
    await expect.poll(() => serving(name), { timeout: 5_000, interval: 50 }).toBe("east");
  const far = statePaths(lab.gateway("east-1")?.state ?? "").localSocket;
  await expect(callLocal(far, "POST", "/switch/end", { service: "shop/web" })).rejects.toThrow(
    "by the manifest Switch shop/maintenance of west",
  );
  await rm(file);
  await expect.poll(() => serving(), { timeout: 5_000, interval: 50 }).toBe("west");
  await lab.waitUntilWell();
});

test("the status of a bad manifest names its file, line and field", async () => {
  const file = join(lab.sites[0].manifests, "bad.yaml");
  await writeFile(file, "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: 80}\n");
  const problems = async (): Promise<string> => JSON.stringify((await lab.status(first())).problems);
  await expect.poll(problems, { timeout: 5_000, interval: 50 }).toContain("bad.yaml");
  expect(await problems()).toContain("spec.ports");
  await rm(file);
  await expect.poll(problems, { timeout: 5_000, interval: 50 }).toBe("[]");
});

/** What an agent told its Envoy when that opened its stream last, secrets included. */
async function toldWhenEnvoyCame(gateway: string): Promise<{ bytes: number; first: string[] }> {
  const log = await readFile(lab.processes.logOf(`agent/${gateway}`), "utf8");
  const lines = log.slice(log.lastIndexOf('"envoy_connected"')).split("\n");
  const programmed = lines.find((line) => line.includes('"envoy_programmed"')) ?? "{}";
  const { bytes, first: resources } = JSON.parse(programmed) as { bytes: number; first: string[] };
  return { bytes, first: resources };
}

function first(): Parameters<Lab["status"]>[0] {
  const gateway = lab.gateway("west-1");
  if (gateway === undefined) throw new Error("no gateway west-1");
  return gateway;
}

async function serving(name = "west-1"): Promise<string | undefined> {
  const gateway = lab.gateway(name) ?? first();
  return (await lab.status(gateway)).services.find(({ service }) => service === "shop/web/80")?.servingSite;
}

async function statusOfFirstGateway(): Promise<number | undefined> {
  const [host = "", port = ""] = (lab.targets("http")[0]?.address ?? "").split(":");
  return new Promise((resolve, reject) => {
    get({ host, port: Number(port), agent: false }, (response) => resolve(response.resume().statusCode)).on(
      "error",
      reject,
    );
  });
}

/** Versions of all clusters and listeners that the first gateway's Envoy has in force. */
async function versionsInForce(): Promise<string> {
  const { adminSocket } = statePaths(first().state);
  const dumps = await Promise.all(
    ["dynamic_active_clusters", "dynamic_listeners"].map((resource) =>
      askAdmin(adminSocket, "GET", `/config_dump?resource=${resource}`),
    ),
  );
  return dumps
    .flatMap((dump) => [...dump.matchAll(/"version_info": "([^"]+)"/g)].map((match) => match[1]))
    .toSorted((left, right) => (left ?? "").localeCompare(right ?? ""))
    .join();
}
