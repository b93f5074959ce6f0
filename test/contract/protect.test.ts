import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { protectCommand } from "../../src/apps/cli/commands/protect.ts";
import { TANDEM } from "../../src/apps/cli/typed-command.ts";
import { applyPolicy, checkOrder, untilProtecting } from "../../src/apps/cli/cluster/protect.ts";
import type { PolicyOrder } from "../../src/apps/cli/cluster/policy-order.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { seedPolicy, seedService } from "./held-services.ts";
import { connect, installDefinitions } from "./kube-world.ts";
import { type CliRun, helpOf, runCli, runWithin } from "./run-cli.ts";

const POLICIES = "tandem.dev/failoverpolicies";
const ORDER: PolicyOrder = { service: "shop/web", mode: "Gateway", sites: ["west", "east"], checkPath: "/healthz" };
const OURS = { fieldManager: "tandem-cli", force: false };

let cluster: SimulatedCluster;
let directory: string;
let kubeconfig: string;
let client: KubeClient;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: ["shop"] });
  directory = await mkdtemp(join(tmpdir(), "tandem-protect-"));
  kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  client = await connect(kubeconfig);
  await installDefinitions(client);
  seedService(cluster, "web", "10.1.0.1");
});

afterEach(async () => {
  await cluster.close();
  await rm(directory, { recursive: true });
});

async function problemsOf(order: Partial<PolicyOrder>): Promise<readonly string[]> {
  const { problems } = await checkOrder(client, { ...ORDER, ...order });
  return problems.map(({ field, message, remedy }) => `${field ?? ""}: ${message}. ${remedy}`);
}

const protect = (args: readonly string[]): Promise<CliRun> => runWithin(protectCommand(TANDEM), args);

test("the policy says what was asked for, and leaves all else to whoever keeps it", async () => {
  const { policy, problems } = await checkOrder(client, { ...ORDER, checkPort: "8081", profile: "fast" });
  expect(problems).toEqual([]);
  await applyPolicy(client, policy, OURS);
  const path = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
  const retry = { spec: { retry: { attempts: 5 } } };
  await client.request({ method: "PATCH", path, body: retry, bodyType: "application/merge-patch+json" });
  await applyPolicy(client, (await checkOrder(client, { ...ORDER, sites: ["west", "north"] })).policy, OURS);
  expect(cluster.read(POLICIES, "web", "shop")?.["spec"]).toMatchObject({
    targetRefs: [{ kind: "Service", name: "web" }],
    mode: "Gateway",
    sites: [{ name: "west" }, { name: "north" }],
    healthCheck: { http: { path: "/healthz" } },
    retry: { attempts: 5 },
  });
});

test("all that speaks against it is said at once, each with what to do", async () => {
  cluster.seed(
    "/services",
    {
      metadata: { name: "local" },
      spec: {
        selector: { app: "local" },
        ports: [{ name: "http", port: 80 }],
        internalTrafficPolicy: "Local",
        sessionAffinity: "ClientIP",
      },
    } as unknown as JsonObject,
    "shop",
  );
  seedPolicy(cluster, "older", ["local"]);
  cluster.seed("tandem.dev/sites", {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "Site",
    metadata: { name: "south" },
    spec: { gateways: [{ name: "south-1", address: "10.9.0.1", port: 15_443 }] },
  });
  const problems = await problemsOf({
    service: "shop/local",
    sites: ["West", "east", "east"],
    checkPath: "healthz",
    checkPort: "metrics",
  });
  expect(problems.map((problem) => problem.slice(0, 60))).toEqual([
    expect.stringMatching(/^--site: is not a DNS label/),
    expect.stringMatching(/^--site: names a site twice/),
    expect.stringMatching(/^--check-path: does not start with '\/'/),
    expect.stringMatching(/^Service shop\/local: InternalTrafficPolicyLocal/),
    expect.stringMatching(/^Service shop\/local: SessionAffinity/),
    expect.stringMatching(/^--check-port: the Service has no port named metrics/),
    expect.stringMatching(/^Service shop\/local: has a policy already: FailoverPol/),
    expect.stringMatching(/^--site: names no site that this cluster is: it is sout/),
  ]);
  expect(problems[3]).toContain(
    "kubectl annotate service local -n shop --overwrite tandem.dev/allow=InternalTrafficPolicyLocal",
  );
  expect(cluster.list(POLICIES, "shop")).toHaveLength(1);
});

test.each([
  ["a Service that is not there", "shop/none", "is not there"],
  ["one that is headless", "shop/headless", "Headless"],
])("%s is refused", async (_what, service, message) => {
  cluster.seed(
    "/services",
    { metadata: { name: "headless" }, spec: { clusterIP: "None", selector: { app: "x" }, ports: [{ port: 80 }] } },
    "shop",
  );
  expect((await problemsOf({ service: service as "shop/none" })).join()).toContain(message);
});

test("what stands around the pods is looked at too", async () => {
  const spec = { podSelector: {}, policyTypes: ["Ingress"] };
  const kind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
  cluster.seed("networking.k8s.io/networkpolicies", { ...kind, metadata: { name: "closed" }, spec }, "shop");
  expect((await problemsOf({})).join()).toContain("NetworkPolicy: it has pods that not everybody may come to");
  const external = { type: "ExternalName", externalName: "example.org" };
  cluster.seed("/services", { metadata: { name: "external" }, spec: external } as unknown as JsonObject, "shop");
  expect((await problemsOf({ service: "shop/external" })).filter((text) => text.includes("NetworkPolicy"))).toEqual([]);
});

test("what somebody else keeps is not taken from them, unless that is asked for", async () => {
  const { policy } = await checkOrder(client, ORDER);
  await applyPolicy(client, policy, { fieldManager: "gitops", force: false });
  const other = (await checkOrder(client, { ...ORDER, mode: "Direct" })).policy;
  await expect(applyPolicy(client, other, OURS)).rejects.toMatchObject({
    code: "ObjectsOfOthers",
    message: 'FailoverPolicy shop/web: .spec.mode: conflict with "gitops"',
    cause: { reason: "Conflict" },
  });
  await applyPolicy(client, other, { ...OURS, force: true });
  expect(cluster.read(POLICIES, "web", "shop")?.["spec"]).toMatchObject({ mode: "Direct" });
});

test("what a policy loses, gains and has otherwise is said, before it is written and after", async () => {
  const { policy } = await checkOrder(client, { ...ORDER, profile: "fast" });
  expect(await applyPolicy(client, policy, OURS)).toMatchObject({ changes: [] });
  const other = (await checkOrder(client, { ...ORDER, mode: "Direct", sites: ["west"] })).policy;
  const { checkPath: _, ...unchecked } = { ...ORDER, mode: "Direct", sites: ["west"] } as const;
  const { policy: less } = await checkOrder(client, unchecked);
  cluster.forgetRequests();
  const planned = await applyPolicy(client, less, { ...OURS, dryRun: true });
  expect(cluster.writes).toEqual([]);
  expect(planned.changes.map(({ field }) => field)).toEqual([
    "spec.healthCheck",
    "spec.mode",
    "spec.profile",
    "spec.sites",
  ]);
  expect(planned.changes[0]).toMatchObject({ before: { http: { path: "/healthz" } }, after: undefined });
  expect((await applyPolicy(client, less, OURS)).changes).toEqual(planned.changes);
  expect((await applyPolicy(client, other, OURS)).changes).toMatchObject([{ field: "spec.healthCheck" }]);
});

test("the command says on standard error what changes where standard output is for programs, and how to keep what was", async () => {
  const args = ["web", "-n", "shop", "--site", "west", "--site", "east", "--kubeconfig", kubeconfig];
  await protect([...args, "--mode", "Gateway", "--check-path", "/healthz"]);
  const lines = [
    expect.stringMatching(/^removed {2}spec.healthCheck: \{"http":\{"path":"\/healthz"\}/),
    "changed  spec.mode: Gateway -> Direct",
    "To keep what was: --mode Gateway --check-path /healthz",
  ];
  const dry = await protect([...args, "--dry-run", "-o", "json"]);
  expect([dry.exit, JSON.parse(dry.out)]).toMatchObject([0, { kind: "FailoverPolicy", spec: { mode: "Direct" } }]);
  expect(dry.err.trimEnd().split("\n")).toEqual(["It would change of FailoverPolicy shop/web:", ...lines]);
  const wet = await protect(args);
  expect([wet.exit, wet.err]).toEqual([0, ""]);
  expect(wet.out.split("\n").slice(1, 4)).toEqual(lines);
  const again = await protect([...args, "-o", "json"]);
  expect([again.exit, again.err, JSON.parse(again.out)]).toMatchObject([0, "", { kind: "FailoverPolicy" }]);
});

test("who may not apply policies is shown one all the same, and told that its changes are not known", async () => {
  await applyPolicy(client, (await checkOrder(client, ORDER)).policy, OURS);
  cluster.faults.add({
    match: { verb: "patch", resource: "failoverpolicies" },
    answer: { kind: "status", status: 403, message: "not you" },
  });
  const args = ["shop/web", "--site", "west", "--kubeconfig", kubeconfig, "--dry-run"];
  expect(await protect(args)).toMatchObject({
    exit: 0,
    out: expect.stringContaining("kind: FailoverPolicy") as string,
    err: expect.stringContaining("not known what it would change: ") as string,
  });
});

test("a pause is taken back", async () => {
  seedPolicy(cluster, "web");
  const path = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
  const body = { metadata: { annotations: { "tandem.dev/paused": "true" } } };
  await client.request({ method: "PATCH", path, body, bodyType: "application/merge-patch+json" });
  const { policy } = await checkOrder(client, ORDER);
  expect(await applyPolicy(client, policy, { ...OURS, force: true })).toMatchObject({ wasPaused: true });
  expect(JSON.stringify(cluster.read(POLICIES, "web", "shop")?.metadata)).not.toContain('"tandem.dev/paused":"true"');
});

test("waited is for conditions of what the policy says now, and what is missing is said", async () => {
  const { policy } = await checkOrder(client, ORDER);
  await applyPolicy(client, policy, OURS);
  const say = (observedGeneration: number): void => {
    const stored = cluster.read(POLICIES, "web", "shop");
    const of = { status: "True", reason: "Well", message: "", lastTransitionTime: "2026-05-01T12:00:00Z" };
    const conditions = ["Programmed", "Protected"].map((type) => ({ ...of, type, observedGeneration }));
    cluster.seed(POLICIES, { ...stored, status: { observedGeneration, conditions } } as unknown as JsonObject, "shop");
  };
  const clock = new ManualClock();
  await expect(untilProtecting(client, policy, { clock, timeoutMs: 0 })).rejects.toMatchObject({
    code: "WaitTimedOut",
    message: expect.stringContaining("Programmed is not said yet; is a controller running?") as string,
  });
  say(0);
  await expect(untilProtecting(client, policy, { clock, timeoutMs: 0 })).rejects.toMatchObject({
    code: "WaitTimedOut",
  });
  say(1);
  expect(await untilProtecting(client, policy, { clock, timeoutMs: 0 })).toMatchObject({ metadata: { name: "web" } });
});

test("the command prints the policy without writing it, and names the next step after writing", async () => {
  const args = ["protect", "web", "-n", "shop", "--site", "west", "--site", "east", "--kubeconfig", kubeconfig];
  cluster.forgetRequests();
  const dry = await runCli("tandem", [...args, "--dry-run", "-o", "json"]);
  expect([dry.exit, JSON.parse(dry.out)]).toMatchObject([0, { kind: "FailoverPolicy", spec: { mode: "Direct" } }]);
  expect(cluster.writes).toEqual([]);
  const wet = await runCli("tandem", args);
  expect([wet.exit, wet.out]).toEqual([0, expect.stringContaining("Next: tandem status --kubeconfig")]);
  expect(cluster.list(POLICIES, "shop")).toHaveLength(1);
  const refused = await runCli("tandem", ["protect", "none", ...args.slice(2)]);
  expect([refused.exit, refused.err]).toEqual([5, expect.stringContaining("error NotProtectable: Service shop/none")]);
});

describe("how it ended is an exit code that the help lists", () => {
  const WEST = ["--site", "west", "--site", "east"];
  const refuse = (status: number): unknown =>
    cluster.faults.add({ match: { verb: "patch", resource: "failoverpolicies" }, answer: { kind: "status", status } });

  test.each<[number, string, readonly string[], () => unknown]>([
    [0, "", WEST, () => undefined],
    [1, "ClusterRefused", WEST, () => refuse(403)],
    [2, "InvalidArgument", [...WEST, "--dry-run", "--wait"], () => undefined],
    [3, "KubeConfigUnusable", [...WEST, "--context", "none"], () => undefined],
    [4, "ClusterUnreachable", WEST, () => cluster.stop()],
    [5, "NotProtectable", [...WEST, "--check-port", "none"], () => undefined],
    [5, "ObjectsOfOthers", WEST, keepMode],
    [6, "WaitTimedOut", [...WEST, "--wait", "--timeout", "10ms"], () => undefined],
  ])("%i %s: %j", async (exit, code, args, before) => {
    await before();
    const ended = await protect(["shop/web", ...args, "--kubeconfig", kubeconfig]);
    expect([ended.exit, /error (\w+)/.exec(ended.err)?.[1] ?? ""]).toEqual([exit, code]);
    expect(helpOf(protectCommand(TANDEM))).toMatch(new RegExp(`Exit codes:[^]*\\b${exit} `));
  });

  async function keepMode(): Promise<void> {
    const { policy } = await checkOrder(client, ORDER);
    await applyPolicy(client, policy, { fieldManager: "gitops", force: false });
  }
});
