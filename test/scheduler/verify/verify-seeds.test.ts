import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectKube, type KubeClient } from "../../../src/adapters/kube/index.ts";
import { SimulatedCluster } from "../../kube/simulated-cluster.ts";
import { generateCase } from "../generate/generate-case.ts";
import type { CaseMode, Manifest, SchedulerCase } from "../scheduler-case.ts";
import { ClusterUnderTest } from "./cluster-under-test.ts";
import { Extender } from "./extender.ts";
import { StandInScheduler } from "./stand-in-scheduler.ts";
import { type SeedsToVerify, type SeedsVerified, verifySeeds } from "./verify-seeds.ts";

let cluster: SimulatedCluster;
let client: KubeClient;
let folder: string;

beforeEach(async () => {
  // As where a kube-scheduler is compared with: no controllers.
  const controllers = { namespaces: false, garbageCollection: false } as const;
  cluster = await SimulatedCluster.start({ controllers, namespaces: ["shop"] });
  folder = await mkdtemp(join(tmpdir(), "verify-"));
  await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
  client = await connectKube({ kubeconfig: join(folder, "kubeconfig") }, "test");
});
afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

interface How {
  readonly mode: CaseMode;
  readonly seeds: readonly number[];
  readonly shrinks?: boolean;
  /** `ignored extender`: the scheduler does not know of it. */
  readonly by?: "extender" | "ignored extender" | "ranking extender" | "no extender";
  readonly generate?: typeof smallCase;
  readonly see?: (object: Manifest) => Manifest;
}

async function verify(how: How): Promise<SeedsVerified & { readonly lines: readonly string[] }> {
  const extender = how.by === "no extender" ? undefined : await Extender.listen("127.0.0.1:0");
  const scheduler = new StandInScheduler({
    cluster,
    client,
    ...(extender === undefined || how.by === "ignored extender" ? {} : { extender: extender.place }),
    ...(how.see === undefined ? {} : { see: how.see }),
  });
  const ran = scheduler.run();
  const lines: string[] = [];
  const todo: SeedsToVerify = {
    seeds: how.seeds,
    mode: how.mode,
    generate: how.generate ?? generateCase,
    shrinks: how.shrinks ?? false,
    print: (line) => lines.push(line),
    signal: new AbortController().signal,
  };
  const asked = {
    cluster: await ClusterUnderTest.open(client),
    extender,
    ranks: RANKING.has(how.by ?? "extender"),
  };
  try {
    return { ...(await verifySeeds(asked, todo)), lines };
  } finally {
    scheduler.close();
    await asked.cluster.close();
    await extender?.close();
    await ran;
  }
}

const RANKING: ReadonlySet<string> = new Set(["ranking extender", "no extender"]);

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

function withoutTaints(object: Manifest): Manifest {
  return object.kind === "Node" ? { ...object, spec: { ...(object.spec as object), taints: [] } } : object;
}

describe("a scheduler that decides as the model does", () => {
  test.for([
    ["probe", "extender", 6],
    ["place", "extender", 3],
    ["preempt", "extender", 3],
    ["probe", "ranking extender", 3],
    ["place", "no extender", 2],
    ["probe", "no extender", 2],
  ] as const)("mode %s, %s: no difference", async ([mode, by, count]) => {
    const { compared, differing, lines } = await verify({ mode, seeds: seeds(count), by });
    expect(lines.filter((line) => line.startsWith("seed "))).toEqual([]);
    expect(differing).toBe(0);
    expect(compared).toBeGreaterThanOrEqual(count);
  });

  test("the cluster is left as it was found", async () => {
    cluster.seed("storage.k8s.io/storageclasses", { metadata: { name: "theirs" }, provisioner: "p" });
    const status = { conditions: [{ type: "PodScheduled", status: "False", message: "" }] };
    const spec = { containers: [{ name: "c", image: "i" }] };
    cluster.seed("/pods", { metadata: { name: "theirs" }, spec, status }, "shop");
    await verify({ mode: "probe", seeds: [15, 16, 17] });
    expect(cluster.list("/nodes")).toEqual([]);
    expect(cluster.list("/pods").map(({ metadata }) => metadata.name)).toEqual(["theirs"]);
    expect(cluster.list("storage.k8s.io/storageclasses").map(({ metadata }) => metadata.name)).toEqual(["theirs"]);
    const namespaces = cluster.list("/namespaces").map(({ metadata }) => metadata.name);
    expect(namespaces.filter((name) => name.startsWith("tandem-verify"))).toEqual([]);
    expect(namespaces).toContain("shop");
  });
});

/** One of three nodes is tainted. */
function smallCase(seed: number, mode: CaseMode): SchedulerCase {
  const named = (name: string) => ({ name, namespace: "case-a", labels: { app: name } });
  const container = { name: "main", image: "none", resources: { requests: { cpu: "1" } } };
  const pod = (name: string, spec: object): Manifest => {
    const all = { containers: [container], preemptionPolicy: "Never", ...spec };
    return { apiVersion: "v1", kind: "Pod", metadata: named(name), spec: all };
  };
  const nodes = ["n1", "n2", "n3"].map((name) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { zone: "z1" } },
    spec: name === "n2" ? { taints: [{ key: "broken", effect: "NoSchedule" }] } : {},
    status: { allocatable: { cpu: "2", pods: "10" } },
  }));
  const running = pod("running", { nodeName: "n1" });
  return { mode, seed, objects: [...nodes, running], pending: [pod("pending-0", {}), pod("pending-1", {})] };
}

/** A case is made some sixty times. */
const SHRINKING_MS = 120_000;

test("a scheduler that overlooks taints is found out, by the smallest case in which that shows", {
  timeout: SHRINKING_MS,
}, async () => {
  const how = { mode: "probe", seeds: [5], shrinks: true, generate: smallCase, see: withoutTaints } as const;
  const { differing, lines } = await verify(how);
  expect(differing).toBe(2);
  expect(lines.join("\n")).toContain("--seed 5 --cases 1 --mode probe");
  const smallest = lines.find((line) => line.startsWith("the smallest case")) ?? "";
  expect(smallest.match(/kind: .*/g)).toEqual(["kind: Node", "kind: Pod"]);
  expect(smallest).toContain("name: n2");
  expect(smallest).toContain("effect: NoSchedule");
  expect(smallest).not.toMatch(/zone|app|requests/);
});

test("a scheduler that does not ask the extender is started in another way than it has to be", async () => {
  const how = { mode: "probe", seeds: [5], generate: smallCase, by: "ignored extender" } as const;
  await expect(verify(how)).rejects.toThrow("without asking the extender");
  expect(cluster.list("/nodes")).toEqual([]);
});

test("a cluster with nodes is somebody's, and is left alone", async () => {
  cluster.seed("/nodes", { metadata: { name: "n1" } });
  cluster.forgetRequests();
  await expect(ClusterUnderTest.open(client)).rejects.toThrow("has nodes (n1)");
  expect(cluster.writes).toEqual([]);
});
