/**
 * A cluster is read for an assessment, at once or by way of a file.
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import { afterEach, beforeEach, expect, test } from "vitest";
import { auditCommand } from "../../src/apps/cli/commands/audit.ts";
import { simulateCommand } from "../../src/apps/cli/commands/simulate.ts";
import { snapshotCommand } from "../../src/apps/cli/commands/snapshot.ts";
import { TANDEM } from "../../src/apps/cli/typed-command.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { runWithin } from "./run-cli.ts";

const EXAMPLE = new URL("../../examples/three-zones.yaml", import.meta.url);
const RESOURCES: Readonly<Record<string, string>> = { Node: "/nodes", Pod: "/pods", Service: "/services" };
const RUNNING = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const READER = "reader";

let directory: string;
let cluster: SimulatedCluster;
let kubeconfig: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-assess-"));
  file = join(directory, "snap.json.zst");
  cluster = await SimulatedCluster.start({
    namespaces: ["shop"],
    // The example leaves the pods' owners out.
    controllers: { garbageCollection: false },
    users: [
      { name: "admin", token: "admin-token", groups: ["system:masters"] },
      { name: READER, token: "reader-token" },
    ],
  });
  for (const document of parseAllDocuments(await readFile(EXAMPLE, "utf8"))) {
    const object = document.toJS() as JsonObject & { kind: string; metadata: { namespace?: string } };
    const running = object.kind === "Pod" ? { ...object, status: RUNNING } : object;
    cluster.seed(RESOURCES[object.kind] ?? object.kind, running, object.metadata.namespace);
  }
  const applied = { "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"key":"aHVzaA=="}}' };
  const metadata = (name: string) => ({ name, namespace: "shop", annotations: applied });
  cluster.seed(
    "/secrets",
    { apiVersion: "v1", kind: "Secret", metadata: metadata("web"), data: { key: "aHVzaA==" } },
    "shop",
  );
  cluster.seed(
    "/configmaps",
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("settings"),
      data: { key: "aHVzaA==" },
    },
    "shop",
  );
  const env = [
    { name: "PASSWORD", value: "aHVzaA==" },
    { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ];
  cluster.seed(
    "/pods",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: metadata("job"),
      spec: { nodeName: "a1", containers: [{ name: "main", image: "job:1", env }] },
    },
    "shop",
  );
  kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
});

afterEach(async () => {
  process.exitCode = undefined;
  await cluster.close();
  await rm(directory, { recursive: true });
});

test("a snapshot holds everything but values, is read only, and is worth as much as the cluster itself", async () => {
  cluster.forgetRequests();
  const taken = await runWithin(snapshotCommand(TANDEM), ["--kubeconfig", kubeconfig, "-o", file]);
  expect(taken).toMatchObject({ exit: 0, err: "" });
  expect(taken.out).toContain("9 nodes and 10 pods");
  expect(cluster.writes).toEqual([]);
  const text = zstdDecompressSync(await readFile(file)).toString();
  expect(text).not.toContain("aHVzaA==");
  expect(text).toContain('"name":"PASSWORD"');
  expect(text).toContain('"fieldPath":"spec.nodeName"');
  expect(text).toContain('"kind":"Secret"');
  const loss = ["--lose", "zone=eu-1c", "-o", "json"];
  const ofFile = await runWithin(simulateCommand(), [file, ...loss]);
  const live = await runWithin(simulateCommand(), ["--kubeconfig", kubeconfig, ...loss]);
  expect(JSON.parse(ofFile.out)).toMatchObject({ services: [{ service: "shop/web", before: 9 }] });
  expect(live.out).toBe(ofFile.out);
  const audits = [
    await runWithin(auditCommand(), [file, "-o", "json"]),
    await runWithin(auditCommand(), ["--kubeconfig", kubeconfig, "-o", "json"]),
  ].map(({ out }) => JSON.parse(out) as { findings: readonly { rule: string; fingerprint: string }[] });
  const [fromFile, fromCluster] = audits.map(({ findings }) => findings.map(({ fingerprint }) => fingerprint));
  expect(fromFile?.length).toBeGreaterThan(0);
  expect(fromCluster).toEqual(fromFile);
});

test("what may not be read is named, but without pods there is no snapshot", async () => {
  await writeFile(kubeconfig, cluster.kubeconfig({ user: READER }), { mode: 0o600 });
  allowReading("nodes");
  const without = await runWithin(snapshotCommand(TANDEM), ["--kubeconfig", kubeconfig, "-o", file]);
  expect([without.exit, without.err]).toEqual([1, expect.stringContaining("pods is forbidden")]);
  await expect(readFile(file)).rejects.toThrow("ENOENT");
  allowReading("nodes", "pods", "services");
  const taken = await runWithin(snapshotCommand(TANDEM), ["--kubeconfig", kubeconfig, "-o", file]);
  expect(taken.exit).toBe(0);
  expect(taken.err).toMatch(/^no permission to list .*configmaps, secrets.*: what these decide is not known here/);
});

test.each([
  [["-o", "snap.json", "--context", "west"], "must end in .zst"],
  [["-o", "snap.json.zst"], "no cluster is named"],
])("refused: snapshot %j", async (args, message) => {
  const run = await runWithin(snapshotCommand(TANDEM), args);
  expect([run.exit, run.err]).toEqual([2, expect.stringContaining(message)]);
});

test.each([
  [[], "nothing is named to look at"],
  [["snap.json.zst", "--context", "west"], "one of them, please"],
])("refused: simulate %j", async (args, message) => {
  const run = await runWithin(simulateCommand(), [...args, "--lose", "zone=a"]);
  expect([run.exit, run.err]).toEqual([2, expect.stringContaining(message)]);
});

function allowReading(...resources: readonly string[]): void {
  const role = { apiGroups: [""], resources: [...resources], verbs: ["list"] };
  const rbac = "rbac.authorization.k8s.io";
  const apiVersion = `${rbac}/v1`;
  cluster.seed(`${rbac}/clusterroles`, {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: READER },
    rules: [role],
  });
  cluster.seed(`${rbac}/clusterrolebindings`, {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: READER },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: READER },
    subjects: [{ apiGroup: rbac, kind: "User", name: READER }],
  });
}
