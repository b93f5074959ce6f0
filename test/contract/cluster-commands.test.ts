import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { readClusterStatus, renderClusterStatus } from "../../src/apps/cli/cluster/cluster-status.ts";
import { endSwitch, orderSwitch, untilServing } from "../../src/apps/cli/cluster/cluster-switch.ts";
import { followNews, readNews, renderNews } from "../../src/apps/cli/cluster/policy-events.ts";
import { doctorCommand } from "../../src/apps/cli/commands/doctor.ts";
import { eventsCommand } from "../../src/apps/cli/commands/events.ts";
import { releaseCommand } from "../../src/apps/cli/commands/release.ts";
import { statusCommand } from "../../src/apps/cli/commands/status.ts";
import { TANDEM } from "../../src/apps/cli/typed-command.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { seedPolicy, seedService } from "./held-services.ts";
import { connect, installDefinitions } from "./kube-world.ts";
import { type CliRun, runCli, runWithin } from "./run-cli.ts";

const POLICIES = "tandem.dev/failoverpolicies";
const SWITCHES = "tandem.dev/switches";
const NOW = Date.parse("2026-05-01T12:00:00Z");

let cluster: SimulatedCluster;
let directory: string;
let kubeconfig: string;
let client: KubeClient;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: ["shop"] });
  directory = await mkdtemp(join(tmpdir(), "tandem-cluster-"));
  kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig({ namespace: "shop" }), { mode: 0o600 });
  client = await connect(kubeconfig);
  await installDefinitions(client);
  seedService(cluster, "web", "10.1.0.1");
  seedPolicy(cluster, "web");
});

afterEach(async () => {
  await cluster.close();
  await rm(directory, { recursive: true });
});

function say(status: JsonObject): void {
  const stored = cluster.read(POLICIES, "web", "shop");
  cluster.seed(POLICIES, { ...stored, status } as unknown as JsonObject, "shop");
}

async function shown(): Promise<string> {
  return stripVTControlCharacters(renderClusterStatus(await readClusterStatus(client, undefined, NOW), NOW));
}

describe("the status of a cluster", () => {
  test("has what its controller says of each policy, and what a person has to know of", async () => {
    const of = { observedGeneration: 1, lastTransitionTime: "2026-05-01T11:00:00Z" };
    say({
      observedGeneration: 1,
      conditions: [
        { ...of, type: "Accepted", status: "True", reason: "Accepted", message: "" },
        { ...of, type: "FailedOver", status: "True", reason: "CheckFailed", message: "west fails its checks" },
        { ...of, type: "Protected", status: "False", reason: "NoHealthyStandby", message: "only east can serve" },
      ],
      servingSite: "east",
      traffic: "Gateways",
      sites: [
        { name: "west", healthy: 0, total: 3 },
        { name: "east", healthy: 3, total: 3, checkInterval: "250ms" },
      ],
      lastFailover: {
        at: "2026-05-01T11:59:00Z",
        from: "west",
        to: "east",
        trigger: "CheckFailed",
        detectionMs: 312,
      },
    });
    expect((await shown()).split("\n").slice(1)).toEqual([
      "",
      "SERVICE   SERVING  SINCE  SITES               CHECK EVERY  MODE     TRAFFIC TO",
      "shop/web  east     60s    west 0/3, east 3/3  250ms        Gateway  Gateways",
      "",
      "  CheckFailed shop/web: west fails its checks (detected in 312 ms)",
      "  NoHealthyStandby shop/web: only east can serve",
    ]);
  });

  test("says so where no controller has said anything, and where a policy is paused", async () => {
    expect(await shown()).toContain("NotReported shop/web: no controller has said anything yet");
    const stored = cluster.read(POLICIES, "web", "shop");
    const metadata = { ...stored?.metadata, annotations: { "tandem.dev/paused": "true" } };
    cluster.seed(POLICIES, { ...stored, metadata } as unknown as JsonObject, "shop");
    expect(await shown()).toContain("Paused shop/web: it counts as none");
  });
});

describe("a switch in a cluster", () => {
  const order = { service: "shop/web", to: "east", until: NOW + 600_000, reason: "maintenance" } as const;
  const how = { now: NOW, fieldManager: "tandem-cli" };

  test("is an object, shown in the status; another order takes its place, and the end of it is its deletion", async () => {
    await orderSwitch(client, order, how);
    expect(cluster.list(SWITCHES, "shop").map(({ spec }) => spec)).toMatchObject([
      { to: "east", until: "2026-05-01T12:10:00.000Z", reason: "maintenance", targetRef: { name: "web" } },
    ]);
    expect(await shown()).toMatch(
      /Switch shop\/web: to east until 2026-05-01T12:10:00.000Z \(in 10m\), by Switch shop\/web-\w+: maintenance/,
    );
    await orderSwitch(client, { ...order, to: "west", until: undefined }, { ...how, now: NOW + 1 });
    expect(cluster.list(SWITCHES, "shop").map(({ spec }) => spec)).toMatchObject([{ to: "west" }]);
    expect(await endSwitch(client, "shop/web", NOW)).toBe(1);
    expect([cluster.list(SWITCHES, "shop"), await endSwitch(client, "shop/web", NOW)]).toEqual([[], 0]);
  });

  test("that somebody else keeps is named and left", async () => {
    cluster.seed(
      SWITCHES,
      {
        apiVersion: "tandem.dev/v1alpha1",
        kind: "Switch",
        metadata: { name: "away" },
        spec: { targetRef: { kind: "Service", name: "web" }, to: "east" },
      },
      "shop",
    );
    await expect(endSwitch(client, "shop/web", NOW)).rejects.toMatchObject({
      code: "SwitchFromManifest",
      remedy: expect.stringContaining("kubectl delete switches away -n shop") as string,
    });
    expect(cluster.list(SWITCHES, "shop")).toHaveLength(1);
  });

  test.each([
    [{ to: "north" }, "SiteUnknown"],
    [{ service: "shop/none" as const }, "ServiceUnknown"],
  ])("to what is not there is refused: %j", async (wrong, code) => {
    await expect(orderSwitch(client, { ...order, ...wrong }, how)).rejects.toMatchObject({ code });
    expect(cluster.list(SWITCHES, "shop")).toEqual([]);
  });

  test("is waited for until the status says that the site serves", async () => {
    const clock = new ManualClock(NOW);
    const wait = { clock, timeoutMs: 0 };
    await expect(untilServing(client, order, wait)).rejects.toMatchObject({ code: "WaitTimedOut" });
    say({ observedGeneration: 1, conditions: [], servingSite: "west" });
    await expect(untilServing(client, order, wait)).rejects.toThrow("east does not serve shop/web yet, west does");
    say({ observedGeneration: 1, conditions: [], servingSite: "east" });
    await untilServing(client, order, wait);
  });
});

describe("the events of a cluster", () => {
  let serial = 0;

  function happen(reason: string, at: string, policy = "web", kind = "FailoverPolicy"): void {
    serial += 1;
    cluster.seed(
      "/events",
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: `${policy}.${serial}` },
        involvedObject: { kind, namespace: "shop", name: policy, apiVersion: "tandem.dev/v1alpha1" },
        type: reason === "FailedOver" ? "Warning" : "Normal",
        reason,
        message: `${reason} it has`,
        eventTime: at,
        reportingComponent: "tandem.dev/tandem-controller",
        reportingInstance: "one",
        action: reason,
      },
      "shop",
    );
  }

  test("are those of policies, oldest first; of one Service those of the policies that target it", async () => {
    seedPolicy(cluster, "both", ["web", "api"]);
    happen("FailedBack", "2026-05-01T11:59:00.000000Z");
    happen("FailedOver", "2026-05-01T11:58:00.000000Z");
    happen("Switched", "2026-05-01T11:57:00.000000Z", "both");
    happen("Degraded", "2026-05-01T11:56:00.000000Z", "other");
    happen("Started", "2026-05-01T11:55:00.000000Z", "web", "Pod");
    const reasons = async (service: "shop/web" | "shop/api" | undefined): Promise<unknown> =>
      (await readNews(client, { namespace: undefined, service })).map(({ reason }) => reason);
    expect(await reasons(undefined)).toEqual(["Degraded", "Switched", "FailedOver", "FailedBack"]);
    expect(await reasons("shop/web")).toEqual(["Switched", "FailedOver", "FailedBack"]);
    expect(await reasons("shop/api")).toEqual(["Switched"]);
    const news = await readNews(client, { namespace: "shop", service: "shop/web" });
    expect(stripVTControlCharacters(renderNews(news, true)).split("\n").slice(0, 2)).toEqual([
      "TIME                  POLICY     REASON      MESSAGE",
      "2026-05-01T11:57:00Z  shop/both  Switched    Switched it has",
    ]);
  });

  test("are followed: each is told once", async () => {
    happen("FailedOver", "2026-05-01T11:58:00.000000Z");
    const told: string[] = [];
    const heard = Promise.withResolvers<void>();
    const close = await followNews(
      client,
      { namespace: undefined, service: "shop/web" },
      {
        clock: { now: () => Date.now(), after: () => () => {} },
        random: () => 0,
        trouble: (message) => heard.reject(new Error(message)),
        tell: (news) => {
          told.push(...news.map(({ reason }) => reason));
          if (told.length === 2) heard.resolve();
        },
      },
    );
    happen("Degraded", "2026-05-01T11:59:00.000000Z", "other");
    happen("FailedBack", "2026-05-01T11:59:00.000000Z");
    await heard.promise;
    close();
    expect(told).toEqual(["FailedOver", "FailedBack"]);
  });
});

test("kubectl's plugin means the current context and its namespace, and takes kubectl's flags where kubectl does", async () => {
  const status = await runCli("kubectl tandem", ["-n", "shop", "status", "-o", "json"], { KUBECONFIG: kubeconfig });
  expect([status.exit, JSON.parse(status.out)]).toMatchObject([0, { policies: [{ services: ["shop/web"] }] }]);
  const flags = ["--kubeconfig", kubeconfig, "--context=simulated"];
  const switched = await runCli("kubectl tandem", [...flags, "switch", "web", "--to", "east"]);
  expect([switched.exit, switched.out]).toEqual([
    0,
    `shop/web is ordered to east; --wait waits until it is there\n\nNext: kubectl tandem switch shop/web --end --kubeconfig ${kubeconfig} --context simulated\n`,
  ]);
});

describe("a namespace that does not exist", () => {
  const COMMANDS = { doctor: doctorCommand, events: eventsCommand, release: releaseCommand, status: statusCommand };
  const run = (name: keyof typeof COMMANDS, ...args: readonly string[]): Promise<CliRun> =>
    runWithin(COMMANDS[name](TANDEM), [...args, "--kubeconfig", kubeconfig]);

  test.each([
    ["doctor", ["-n", "shpo"]],
    ["events", ["-n", "shpo"]],
    ["events", ["shpo/web"]],
    ["status", ["-n", "shpo"]],
    ["release", ["--all", "-n", "shpo"]],
    ["release", ["shpo/web", "shop/web"]],
  ] as const)("is named by %s %j, with one that may be meant, and nothing is done", async (name, args) => {
    cluster.forgetRequests();
    expect(await run(name, ...args)).toEqual({
      exit: 5,
      out: "",
      err: expect.stringMatching(/^error NamespaceUnknown: the cluster has no namespace shpo\n {2}Did you mean shop\?/),
    });
    expect(cluster.writes).toEqual([]);
  });

  test("keeps nobody from anything who may not read namespaces", async () => {
    cluster.faults.add({ match: { resource: "namespaces" }, answer: { kind: "status", status: 403, message: "no" } });
    expect(await run("status", "-n", "shpo")).toMatchObject({ exit: 0, err: "" });
    expect(await run("events", "-n", "shpo")).toMatchObject({ exit: 0, err: "" });
    expect(await run("release", "--all", "-n", "shop", "--now")).toMatchObject({ exit: 0, err: "" });
  });
});

test("what an API server refuses or never answers has a code and a remedy", async () => {
  const args = ["status", "--kubeconfig", kubeconfig];
  cluster.faults.add({
    match: { resource: "failoverpolicies" },
    answer: { kind: "status", status: 403, message: "no" },
  });
  expect(await runCli("tandem", args)).toMatchObject({
    exit: 1,
    err: expect.stringContaining("error ClusterRefused") as string,
  });
  await cluster.stop();
  expect(await runCli("tandem", args)).toMatchObject({
    exit: 4,
    err: expect.stringContaining("error ClusterUnreachable") as string,
  });
});
