/**
 * `tandem install` and `tandem uninstall` as a person runs them, against a simulated cluster in which nothing makes pods:
 * their status is written by the tests.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { installCommand, uninstallCommand } from "../../src/apps/cli/commands/install.ts";
import { installedObjects } from "../../src/core/install/index.ts";
import { runWithin } from "../contract/run-cli.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { objectAt } from "../kube/api/json.ts";
import { ClusterRequests } from "../kube/cluster-requests.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";

const WEST = ["--site", "west", "--advertise", "203.0.113.10:15443", "--label", "region=eu"];
const MAIN = fileURLToPath(new URL("../../src/apps/cli/main.ts", import.meta.url));
const DEPLOYMENTS = "apps/deployments";

/** How a command ended. */
interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let cluster: SimulatedCluster;
let requests: ClusterRequests;
let directory: string;
let kubeconfig: string;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: ["shop", "pay"] });
  requests = new ClusterRequests(cluster);
  directory = await mkdtemp(join(tmpdir(), "tandem-install-"));
  kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
});

afterEach(async () => {
  await cluster.close();
  await rm(directory, { recursive: true });
});

async function tandem(...[name = "", ...args]: readonly string[]): Promise<Ended> {
  const { exit, ...printed } = await runWithin(name === "install" ? installCommand() : uninstallCommand(), args);
  return { code: exit, ...printed };
}

const install = (...args: readonly string[]): Promise<Ended> =>
  tandem("install", ...WEST, "--kubeconfig", kubeconfig, ...args);

const uninstall = (...args: readonly string[]): Promise<Ended> =>
  tandem("uninstall", "--kubeconfig", kubeconfig, ...args);

/** Makes the pods of every Deployment be there, as soon as it is applied. */
async function runPods(): Promise<void> {
  for (const name of ["tandem-controller", "tandem-gateway"]) {
    const found = await cluster.until((now) => now.read(DEPLOYMENTS, name, "tandem-system"));
    const replicas = Number(objectAt(found, "spec")["replicas"]);
    const status = {
      observedGeneration: found.metadata["generation"] ?? 1,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
    };
    const path = `/apis/apps/v1/namespaces/tandem-system/deployments/${name}/status`;
    expect((await requests.patch("merge", path, { status })).status).toBe(200);
  }
}

test("what is printed is what is installed, and read back it is the same objects", async () => {
  const printed = await tandem("install", ...WEST, "-o", "yaml");
  expect([printed.code, printed.err]).toEqual([0, ""]);
  const documents = parseAllDocuments(printed.out, { version: "1.1" }).map((one) => one.toJS() as JsonObject);
  const objects = installedObjects({
    site: "west",
    labels: { region: "eu" },
    advertised: [{ name: "gateway-1", address: "203.0.113.10", port: 15_443 }],
    gateways: 2,
    namespace: "tandem-system",
    namespaces: undefined,
    image: "tandem:0.1.0",
    serviceType: "LoadBalancer",
  });
  expect(documents).toEqual(JSON.parse(JSON.stringify(objects)));
  const list = await tandem("install", ...WEST, "-o", "json");
  expect((JSON.parse(list.out) as JsonObject)["items"]).toEqual(documents);
  expect(printed.out).not.toMatch(/[&*]a\d/);
});

test("install applies everything in order, waits until it runs, and says what comes next", async () => {
  const installing = install();
  await runPods();
  const { code, out, err } = await installing;
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("applied  Deployment tandem-system/tandem-gateway");
  expect(out).toContain("Tandem runs in tandem-system, as the site west\n\nNext:");
  const site = cluster.read("tandem.dev/sites", "west");
  expect(site?.["spec"]).toMatchObject({
    gateways: [{ name: "gateway-1", address: "203.0.113.10", port: 15_443 }],
    labels: { region: "eu" },
  });
  const managers = cluster
    .list(DEPLOYMENTS)
    .flatMap(({ metadata }) => (metadata["managedFields"] as unknown as JsonObject[]).map((one) => one["manager"]));
  expect(managers).toContain("tandem-install");
  expect(cluster.requests.filter(({ verb, status }) => verb === "patch" && status >= 400)).toEqual([]);
});

test("a second install is refused and changes nothing; an upgrade changes what differs, and removes what is not asked for any more", async () => {
  expect((await install("--no-wait", "--namespaces", "shop,pay")).code).toBe(0);
  cluster.forgetRequests();
  const again = await install("--no-wait");
  expect(again.code).toBe(5);
  expect(again.err).toContain("error InstallationExists");
  expect(again.err).toContain("tandem install --upgrade");
  expect(cluster.writes).toEqual([]);
  const upgraded = await install("--no-wait", "--upgrade", "--namespaces", "shop", "--gateways", "3");
  expect([upgraded.code, upgraded.err]).toEqual([0, ""]);
  expect(upgraded.out).toContain("removed  RoleBinding pay/tandem-controller-services");
  expect(cluster.read("rbac.authorization.k8s.io/rolebindings", "tandem-controller-services", "pay")).toBeUndefined();
  expect(objectAt(cluster.read(DEPLOYMENTS, "tandem-gateway", "tandem-system") ?? {}, "spec")["replicas"]).toBe(3);
});

test("an upgrade to another site is refused: most often it is the wrong cluster", async () => {
  expect((await install("--no-wait")).code).toBe(0);
  cluster.forgetRequests();
  const other = WEST.map((one) => (one === "west" ? "east" : one));
  const ended = await tandem("install", ...other, "--kubeconfig", kubeconfig, "--no-wait", "--upgrade", "--force");
  expect([ended.code, ended.err]).toEqual([5, expect.stringContaining("this cluster is the site west, and not east")]);
  expect(cluster.writes).toEqual([]);
});

test("an upgrade to what is there already changes no object", async () => {
  expect((await install("--no-wait")).code).toBe(0);
  const revision = cluster.revision;
  expect((await install("--no-wait", "--upgrade")).code).toBe(0);
  expect(cluster.revision).toBe(revision);
});

test("objects and fields of others are all named and not taken over, unless that is asked for", async () => {
  expect((await install("--no-wait")).code).toBe(0);
  const path = "/apis/apps/v1/namespaces/tandem-system/deployments/tandem-gateway";
  await requests.patch("merge", `${path}?fieldManager=scaler`, { spec: { replicas: 5 } });
  cluster.remove("rbac.authorization.k8s.io/clusterroles", "tandem-gateway");
  cluster.seed("rbac.authorization.k8s.io/clusterroles", { metadata: { name: "tandem-gateway" }, rules: [] });
  const refused = await install("--no-wait", "--upgrade");
  expect(refused.code).toBe(5);
  expect(refused.err).toContain("error ObjectsOfOthers: ClusterRole tandem-gateway was made by seed");
  expect(refused.err).toMatch(/Deployment tandem-system\/tandem-gateway: \.spec\.replicas: conflict with "scaler"/);
  expect((await install("--no-wait", "--upgrade", "--force")).code).toBe(0);
  expect(objectAt(cluster.read(DEPLOYMENTS, "tandem-gateway", "tandem-system") ?? {}, "spec")["replicas"]).toBe(2);
});

test("namespaces that are not there are all named before anything is written", async () => {
  const { code, err } = await install("--no-wait", "--namespaces", "shop,nowhere,never");
  expect(code).toBe(2);
  expect(err).toContain("--namespaces: there is no namespace nowhere\n  --namespaces: there is no namespace never");
  expect(cluster.writes).toEqual([]);
});

test("what does not run in time is named, with what to do", async () => {
  const { code, err } = await install("--timeout", "3s");
  expect(code).toBe(6);
  expect(err).toContain(
    "Deployment tandem-controller (0 of 2 pods ready); Deployment tandem-gateway (0 of 2 pods ready)",
  );
  expect(err).toContain("kubectl describe pods --namespace tandem-system");
});

describe("ended before it is done, it says what is applied, what is not, and how to go on", () => {
  const LAST = "Deployment tandem-system/tandem-gateway";
  /** Lines that begin with a word, without it. */
  const linesOf = (err: string, word: string): readonly string[] =>
    err.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length).trim()] : []));

  test.each([
    ["SIGINT", []],
    ["SIGTERM", ["--upgrade"]],
  ] as const)("by %s", async (signal, options) => {
    cluster.faults.add({
      match: { verb: "patch", resource: "deployments", name: "tandem-controller" },
      answer: { kind: "hang" },
    });
    const args = ["install", ...WEST, "--kubeconfig", kubeconfig, ...options];
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const printed = text(child.stderr);
    const ended = once(child, "close");
    await expect
      .poll(() => cluster.requests.filter(({ resource, dryRun }) => resource === "deployments" && !dryRun), {
        timeout: 20_000,
      })
      .toContainEqual(expect.objectContaining({ verb: "patch" }));
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    const err = await printed;
    expect(err.split("\n")[0]).toBe("interrupted");
    expect([linesOf(err, "maybe"), linesOf(err, "not yet")]).toEqual([
      ["Deployment tandem-system/tandem-controller"],
      [LAST],
    ]);
    expect(linesOf(err, "applied")).toContain("Site west");
    expect(err).toContain(`run the same command ${options.length > 0 ? "again" : "with --upgrade"}`);
    cluster.faults.clear();
    expect(await install("--no-wait", "--upgrade")).toMatchObject({ code: 0, err: "" });
  });

  test("by a refusal", async () => {
    cluster.faults.add({
      match: { verb: "patch", resource: "deployments", name: "tandem-gateway" },
      answer: { kind: "status", status: 403, message: "no" },
    });
    const { code, err } = await install("--no-wait");
    expect([code, linesOf(err, "not yet")]).toEqual([1, [LAST]]);
    expect(err).toContain("run the same command with --upgrade");
  });

  test("by a wait that took too long", async () => {
    const { code, err } = await install("--timeout", "1s");
    expect([code, linesOf(err, "not yet")]).toEqual([6, []]);
    expect(linesOf(err, "applied")).toContain(LAST);
    expect(err).toContain("Everything is applied, and goes on starting: kubectl get pods --namespace tandem-system");
  });

  test("before the first write there is nothing to say", async () => {
    expect((await install("--no-wait")).code).toBe(0);
    expect((await install("--no-wait")).err).not.toContain("applied  ");
  });
});

test("a user who may not install hears what is missing", async () => {
  const other = await SimulatedCluster.start({ users: [{ name: "jo", token: "t" }] });
  await writeFile(kubeconfig, other.kubeconfig({ user: "jo" }), { mode: 0o600 });
  const { code, err } = await install();
  await other.close();
  expect(code).toBe(1);
  expect(err).toContain('User "jo" cannot get resource');
  expect(err).toContain("a context with more rights");
});

test("uninstall without --yes shows what would go and removes nothing", async () => {
  expect((await install("--no-wait")).code).toBe(0);
  seedPolicy();
  cluster.forgetRequests();
  const { code, out, err } = await uninstall();
  expect(code).toBe(2);
  expect(out).toContain("These FailoverPolicies are deleted, and their Services go back to their pods:\n  shop/web\n");
  expect(out).toContain("  Namespace tandem-system");
  expect(err).toContain("Read what it would remove, then add --yes");
  expect(cluster.writes).toEqual([]);
});

test("uninstall gives every Service back although no controller runs, deletes the policies, then removes everything", async () => {
  const before = cluster.list("/namespaces").map(({ metadata }) => metadata.name);
  expect((await install("--no-wait")).code).toBe(0);
  seedPolicy();
  seedService("web", { "tandem.dev/held": "uid" });
  seedService("web-tandem-origin", { app: "web" }, { "tandem.dev/origin-of": "web" });
  const record = "/api/v1/namespaces/tandem-system/configmaps/tandem-held";
  await requests.patch("merge", record, { data: { count: "1", services: "shop/web" } });
  const { code, out, err } = await uninstall("--yes", "--now");
  expect([code, err]).toEqual([0, ""]);
  expect(objectAt(cluster.read("/services", "web", "shop") ?? {}, "spec")["selector"]).toEqual({ app: "web" });
  expect(cluster.read("/services", "web-tandem-origin", "shop")).toBeUndefined();
  expect(out).toContain("removed  FailoverPolicy shop/web\nremoved  ValidatingAdmissionPolicyBinding tandem-guard");
  expect(out).toMatch(/removed {2}Namespace tandem-system\n\nNothing of Tandem is left in the cluster/);
  expect(cluster.list("/namespaces").map(({ metadata }) => metadata.name)).toEqual(before);
  for (const resource of ["rbac.authorization.k8s.io/clusterroles", "apiextensions.k8s.io/customresourcedefinitions"])
    expect(cluster.list(resource)).toEqual([]);
});

test("uninstall removes nothing of Tandem while a Service cannot be given back, and goes on when it is run again", async () => {
  expect((await install("--no-wait")).code).toBe(0);
  // Every copy of its selector is gone.
  seedService("web", { "tandem.dev/held": "uid" });
  const stuck = await uninstall("--yes", "--now");
  expect([stuck.code, stuck.err.split(":")[0]]).toEqual([1, "error NotReleased"]);
  expect(stuck.err).toContain("shop/web");
  expect(cluster.read(DEPLOYMENTS, "tandem-controller", "tandem-system")).toBeDefined();
  seedService("web", { app: "web" });
  expect((await uninstall("--yes", "--now")).code).toBe(0);
  const nothing = await uninstall("--yes");
  expect([nothing.code, nothing.err.split(":")[0]]).toEqual([5, "error InstallationMissing"]);
});

function seedPolicy(): void {
  const spec = { targetRefs: [{ kind: "Service", name: "web" }], mode: "Gateway", sites: [{ name: "west" }] };
  const kind = { apiVersion: "tandem.dev/v1alpha1", kind: "FailoverPolicy" };
  cluster.seed("tandem.dev/failoverpolicies", { ...kind, metadata: { name: "web" }, spec }, "shop");
}

function seedService(
  name: string,
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): void {
  cluster.seed("/services", { metadata: { name, labels }, spec: { selector, ports: [{ port: 80 }] } }, "shop");
}
