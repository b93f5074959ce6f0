import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { KubeError } from "../../src/adapters/kube/kube-error.ts";
import { type ReleaseReport, type ReleaseRequest, releaseServices } from "../../src/apps/cli/cluster/release.ts";
import { Turnstile } from "../../src/runtime/turnstile.ts";
import { releaseCommand } from "../../src/apps/cli/commands/release.ts";
import { TANDEM as TYPED } from "../../src/apps/cli/typed-command.ts";
import type { FaultAnswer } from "../kube/http/faults.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { hold, picture, readyAddresses, seedPolicy, seedService } from "./held-services.ts";
import { connect, installDefinitions, removeDefinitions } from "./kube-world.ts";
import { type CliRun, helpOf, runWithin } from "./run-cli.ts";

const TANDEM = fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url));
const SLICES = "discovery.k8s.io/endpointslices";
const WEB: ReleaseRequest = { services: ["shop/web"] };
const ALL: ReleaseRequest = { namespace: undefined };

let cluster: SimulatedCluster;
let directory: string;
let kubeconfig: string;
let client: KubeClient;
let definitions: readonly string[];
let before: ReturnType<typeof picture>;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: ["shop"] });
  directory = await mkdtemp(join(tmpdir(), "tandem-release-"));
  kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  client = await connect(kubeconfig);
  definitions = await installDefinitions(client);
  for (const [name, podIP] of [
    ["web", "10.1.0.1"],
    ["api", "10.1.0.2"],
  ] as const) {
    seedService(cluster, name, podIP);
    seedPolicy(cluster, name);
    await cluster.until((now) => readyAddresses(now, name).join() === podIP);
  }
  await settled();
  before = picture(cluster);
  await hold(client, "shop/web");
  await hold(client, "shop/api");
  await cluster.until((now) => readyAddresses(now, "web").join() === "10.9.0.1");
});

afterEach(async () => {
  await cluster.close();
  await rm(directory, { recursive: true });
});

async function released(
  request: ReleaseRequest,
  how: { readonly client?: KubeClient; readonly deadline?: AbortSignal; readonly drainMs?: number } = {},
): Promise<ReleaseReport> {
  const tools = {
    client: how.client ?? client,
    clock: {
      now: () => Date.now(),
      after: (ms: number, run: () => void) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    random: () => 0,
    fieldManager: "tandem-cli",
    drainMs: how.drainMs ?? 0,
    deadline: how.deadline ?? new AbortController().signal,
    turnstile: new Turnstile(2),
  };
  return await releaseServices(request, tools, { paused: () => {}, began: () => {}, ended: () => {} });
}

/** Fulfilled once Kubernetes, too, has put away what it made for origins. */
async function settled(): Promise<void> {
  await cluster.until(
    (now) =>
      [SLICES, "/endpoints"].every((resource) => now.list(resource, "shop").length === 2) &&
      readyAddresses(now, "web").join() === "10.1.0.1" &&
      readyAddresses(now, "api").join() === "10.1.0.2",
  );
}

const selector = (name: string): unknown =>
  (cluster.read("/services", name, "shop")?.["spec"] as { selector?: unknown } | undefined)?.selector;
const isPaused = (name: string): boolean =>
  JSON.stringify(cluster.read("tandem.dev/failoverpolicies", name, "shop")).includes('"tandem.dev/paused":"true"');

test("every object is what it was, and nothing is written the second time", async () => {
  const report = await released(ALL);
  expect(report.problems).toEqual([]);
  expect(report.services).toEqual([
    { service: "shop/api", outcome: "Released" },
    { service: "shop/web", outcome: "Released" },
  ]);
  await settled();
  expect(picture(cluster)).toEqual(before);
  cluster.forgetRequests();
  expect((await released(ALL)).services).toEqual([]);
  expect((await released(WEB)).services).toEqual([{ service: "shop/web", outcome: "Untouched" }]);
  expect(cluster.writes).toEqual([]);
});

test("at every moment somebody serves", async () => {
  const served: number[] = [];
  const watching = cluster.until((now) => {
    served.push(readyAddresses(now, "web").length);
    return false;
  });
  await released(WEB);
  expect(served.filter((count) => count === 0)).toEqual([]);
  expect(watching).toBeInstanceOf(Promise);
});

test("one Service alone is released, and its policy is paused", async () => {
  const report = await released(WEB);
  expect(report).toEqual({
    policies: [{ policy: "shop/web", services: ["shop/web"] }],
    services: [{ service: "shop/web", outcome: "Released" }],
    problems: [],
  });
  expect([isPaused("web"), isPaused("api")]).toEqual([true, false]);
  expect(selector("api")).toEqual({ "tandem.dev/held": "uid-policy" });
});

test("a policy of two Services gives both back, since it is paused as a whole", async () => {
  cluster.remove("tandem.dev/failoverpolicies", "api", "shop");
  seedPolicy(cluster, "web", ["web", "api"]);
  const { services } = await released(WEB);
  expect(services.map(({ service }) => service)).toEqual(["shop/api", "shop/web"]);
});

describe("what is gone already is not needed", () => {
  test("the definitions", async () => {
    await removeDefinitions(client, definitions);
    await cluster.until((now) => now.list("apiextensions.k8s.io/customresourcedefinitions").length === 0);
    expect((await released(ALL)).problems).toEqual([]);
    await settled();
    const { ["tandem.dev/failoverpolicies"]: _gone, ...rest } = before;
    expect({ ...picture(cluster), "tandem.dev/failoverpolicies": undefined }).toEqual({
      ...rest,
      "tandem.dev/failoverpolicies": undefined,
    });
  });

  test("the policies", async () => {
    cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
    expect((await released(WEB)).services).toEqual([{ service: "shop/web", outcome: "Released" }]);
    expect(selector("web")).toEqual({ app: "web", tier: "front" });
  });

  test.each([
    ["origin and slice", true, false],
    ["origin and the Service's annotation", false, true],
  ])("%s", async (_what, withoutSlice, withoutAnnotation) => {
    cluster.remove("/services", "web-tandem-origin", "shop");
    if (withoutSlice) cluster.remove(SLICES, "web-tandem-ipv4", "shop");
    const path = "/api/v1/namespaces/shop/services/web";
    const body = { metadata: { annotations: { "tandem.dev/selector": null } } };
    if (withoutAnnotation)
      await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
    expect((await released(ALL)).problems).toEqual([]);
    await settled();
    expect(picture(cluster)).toEqual(before);
  });

  test("the Service itself, deleted without what was made for it", async () => {
    cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
    const path = "/api/v1/namespaces/shop/services/web";
    await client.request({ method: "DELETE", path, body: { propagationPolicy: "Orphan" } });
    await cluster.until((now) => now.read("/services", "web", "shop") === undefined);
    expect((await released(ALL)).problems).toEqual([]);
    expect(cluster.list("/services", "shop").map(({ metadata }) => metadata.name)).toEqual(["api"]);
  });
});

describe("problems are all said, and stand in the way of nothing else", () => {
  test("a Service that nobody knows, and one of which every copy is gone", async () => {
    cluster.remove("/services", "web-tandem-origin", "shop");
    cluster.remove(SLICES, "web-tandem-ipv4", "shop");
    const path = "/api/v1/namespaces/shop/services/web";
    const body = { metadata: { annotations: { "tandem.dev/selector": null } } };
    await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
    const { problems, services } = await released({ services: ["shop/none", "shop/web", "shop/api"] });
    expect(problems.map(({ field, message }) => [field, message.slice(0, 12)])).toEqual([
      ["Service shop/none", "there is no "],
      ["Service shop/web", "SelectorLost"],
    ]);
    expect(services).toContainEqual({ service: "shop/api", outcome: "Released" });
  });

  test("a policy that cannot be paused: its Service is left, or a controller would take it over again", async () => {
    cluster.faults.add({
      match: { verb: "patch", resource: "failoverpolicies", name: "web" },
      answer: { kind: "status", status: 403, message: "not you" },
    });
    const { problems, services } = await released(ALL);
    expect(problems).toMatchObject([
      { field: "FailoverPolicy shop/web", message: expect.stringContaining("not you") as string },
    ]);
    expect(services).toEqual([{ service: "shop/api", outcome: "Released" }]);
  });

  test("a write that nobody gets by trying again ends the Service with it", async () => {
    cluster.faults.add({
      match: { verb: "patch", resource: "services", name: "web" },
      answer: { kind: "status", status: 403, message: "not you" },
    });
    const { problems, services } = await released(ALL);
    expect(problems).toMatchObject([{ field: "Service shop/web" }]);
    expect(services).toContainEqual({ service: "shop/api", outcome: "Released" });
  });

  test("a server that has too much to do is asked again", async () => {
    cluster.faults.add({
      match: { verb: "patch", resource: "services", name: "web" },
      times: 2,
      answer: { kind: "status", status: 429 },
    });
    expect((await released(ALL)).problems).toEqual([]);
  });
});

/** A client whose process dies with its n-th write: before it is sent, or before its answer is there. */
function mortal(writes: number, when: "before" | "after", death: AbortController): KubeClient {
  let left = writes;
  const gone = new KubeError({ status: 0, reason: "Unreachable", message: "killed" });
  return {
    server: client.server,
    namespace: client.namespace,
    request: async (request: Parameters<KubeClient["request"]>[0]) => {
      if (death.signal.aborted) throw gone;
      if (request.method === "GET" || left > 1) {
        if (request.method !== "GET") left -= 1;
        return await client.request(request);
      }
      death.abort();
      if (when === "after") await client.request(request);
      throw gone;
    },
  } as unknown as KubeClient;
}

test("killed at any write, before it or before its answer, it is finished by the next one", async () => {
  cluster.forgetRequests();
  await released(ALL);
  const writes = cluster.writes.length;
  expect(writes).toBeGreaterThanOrEqual(10);
  for (let nth = 1; nth <= writes; nth += 1) {
    for (const when of ["before", "after"] as const) {
      await hold(client, "shop/web");
      await hold(client, "shop/api");
      for (const name of ["web", "api"]) seedPolicy(cluster, name);
      const death = new AbortController();
      await released(ALL, { client: mortal(nth, when, death), deadline: death.signal }).catch(() => {});
      expect(readyAddresses(cluster, "web").length).toBeGreaterThan(0);
      expect((await released(ALL)).problems).toEqual([]);
      await settled();
      expect(picture(cluster), `killed ${when} write ${nth}`).toEqual(before);
    }
  }
});

test("the command, killed in the middle, is finished by the next one, which says how the pause is taken back", async () => {
  const command = [TANDEM, "release", "--all", "--kubeconfig", kubeconfig];
  cluster.forgetRequests();
  const killed = spawn(process.execPath, command, { stdio: "ignore" });
  const isUnderWay = (): boolean => cluster.writes.some(({ resource }) => resource === "services");
  await cluster.until(isUnderWay);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  expect(cluster.list("/services", "shop").length).toBeGreaterThan(2);
  const next = spawn(process.execPath, [...command, "--now"], { stdio: ["ignore", "pipe", "inherit"] });
  const text: string[] = [];
  next.stdout.setEncoding("utf8").on("data", (part: string) => text.push(part));
  const [exit] = (await once(next, "close")) as [number];
  expect([exit, text.join("")]).toEqual([0, expect.stringContaining("2 of 2 Services released, 0 problems")]);
  expect(text.join("")).toContain(
    `kubectl annotate failoverpolicies web -n shop tandem.dev/paused- --kubeconfig ${kubeconfig}`,
  );
  await settled();
  expect(picture(cluster)).toEqual(before);
});

describe("how the command ended is an exit code that its help lists", () => {
  const run = (...args: readonly string[]): Promise<CliRun> =>
    runWithin(releaseCommand(TYPED), [...args, "--kubeconfig", kubeconfig, "--now"]);
  const meet = (answer: FaultAnswer): unknown =>
    cluster.faults.add({ match: { verb: "patch", resource: "services", name: "web" }, answer });

  test.each<[number, string, readonly string[], () => unknown]>([
    [0, "", ["--all"], () => undefined],
    [1, "NotReleased", ["shop/web"], () => meet({ kind: "status", status: 403 })],
    [1, "NotReleased", ["shop/web", "shop/none"], () => undefined],
    [2, "InvalidArgument", [], () => undefined],
    [3, "KubeConfigUnusable", ["--all", "--context", "none"], () => undefined],
    [4, "ClusterUnreachable", ["--all"], () => cluster.stop()],
    [5, "NamespaceUnknown", ["--all", "-n", "none"], () => undefined],
    [6, "WaitTimedOut", ["--all", "--timeout", "1s"], () => meet({ kind: "status", status: 429 })],
    [6, "WaitTimedOut", ["--all", "--timeout", "1s"], () => meet({ kind: "hang" })],
    [1, "NotReleased", ["shop/web", "shop/none", "--timeout", "1s"], () => meet({ kind: "status", status: 503 })],
  ])("%i %s: %j", async (exit, code, args, before) => {
    await before();
    const ended = await run(...args);
    expect([ended.exit, /error (\w+)/.exec(ended.err)?.[1] ?? ""]).toEqual([exit, code]);
    expect(helpOf(releaseCommand(TYPED))).toMatch(new RegExp(`Exit codes:[^]*\\b${exit} `));
  });

  test("one that timed out says which Services are late, to programs too, and goes on when it is run again", async () => {
    const healed = cluster.faults.add({
      match: { verb: "patch", resource: "services", name: "web" },
      answer: { kind: "status", status: 503, message: "busy" },
    });
    const late = await run("--all", "--timeout", "1s", "-o", "json");
    expect([late.exit, late.err]).toEqual([6, expect.stringContaining("with a longer --timeout")]);
    expect((JSON.parse(late.out) as ReleaseReport).services).toEqual([
      { service: "shop/api", outcome: "Released" },
      { service: "shop/web", outcome: "TimedOut" },
    ]);
    healed();
    expect(await run("--all")).toMatchObject({ exit: 0 });
  });
});
