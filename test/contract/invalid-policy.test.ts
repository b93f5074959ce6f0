/**
 * A policy of a cluster is not valid by the time at which the agent of a gateway starts again: its Service is served on.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callLocal } from "../../src/adapters/http/local-client.ts";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { KubeStore } from "../../src/adapters/kube/kube-store.ts";
import { createAuthority } from "../../src/adapters/pki/certificate-authority.ts";
import { createStateDirectory, statePaths, writeGatewayRecord } from "../../src/adapters/state/state-directory.ts";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import { type RunningAgent, startAgent } from "../../src/apps/agent/index.ts";
import { processTimer } from "../../src/apps/cli/commands/process.ts";
import { trustDomain } from "../../src/model/identity.ts";
import type { AgentStatus } from "../../src/model/status.ts";
import { GATEWAY, grantPermissions, USERS } from "../install/accounts.ts";
import type { JsonObject } from "../kube/api/json.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions } from "./kube-world.ts";

const POLICY = "/apis/tandem.dev/v1alpha1/namespaces/shop/failoverpolicies/web";
const MERGE = "application/merge-patch+json";

let cluster: SimulatedCluster;
let directory: string;
let client: KubeClient;
let gatewayClient: KubeClient;
let agent: RunningAgent | undefined;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ allowLoopback: true, namespaces: ["shop", "tandem-system"], users: USERS });
  grantPermissions(cluster);
  directory = await mkdtemp(join(tmpdir(), "td-invalid-"));
  client = await connectAs("admin");
  gatewayClient = await connectAs(GATEWAY);
  await installDefinitions(client);
  await allowAnything();
  const paths = await createStateDirectory(join(directory, "state"));
  const authority = await createAuthority(trustDomain("west"), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site: "west", gateway: "west-1", issuer: true });
  const site = { gateways: [{ name: "west-1", address: "127.0.0.1", port: 15_443 }] };
  seed("tandem.dev/sites", { apiVersion: "tandem.dev/v1alpha1", kind: "Site", metadata: { name: "west" }, spec: site });
  seed("/services", {
    metadata: { name: "web-tandem-origin", labels: { "tandem.dev/origin-of": "web" } },
    spec: { clusterIP: "None", selector: { app: "web" }, ports: [{ name: "http", port: 80, appProtocol: "http" }] },
  });
  seedPolicy({});
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await cluster.close();
  await rm(directory, { recursive: true });
});

async function connectAs(user: string): Promise<KubeClient> {
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig({ user }), { mode: 0o600 });
  return await connect(kubeconfig);
}

function seed(resource: string, object: JsonObject): void {
  cluster.seed(resource, object, resource === "tandem.dev/sites" ? undefined : "shop");
}

function seedPolicy(spec: JsonObject): void {
  const sites = [{ name: "west" }, { name: "east" }];
  const kind = { apiVersion: "tandem.dev/v1alpha1", kind: "FailoverPolicy", metadata: { name: "web" } };
  seed("tandem.dev/failoverpolicies", {
    ...kind,
    spec: { targetRefs: [{ kind: "Service", name: "web" }], sites, ...spec },
  });
}

/** What another version's definition may take and this one does not know. */
async function allowAnything(): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/failoverpolicies.tandem.dev";
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const versions = [{ name: "v1alpha1", served: true, storage: true, subresources: { status: {} }, schema }];
  await client.request({ method: "PATCH", path, body: { spec: { versions } }, bodyType: MERGE });
}

const patchPolicy = (spec: JsonObject): Promise<unknown> =>
  client.request({ method: "PATCH", path: POLICY, body: { spec }, bodyType: MERGE });

const tools = {
  clock: { now: () => Date.now(), after: processTimer },
  random: () => 0.5,
  log: { info: () => {}, warn: () => {}, error: () => {} },
};

/** Starts the agent again in its state directory. */
async function startAgain(): Promise<void> {
  await agent?.close();
  const store = new KubeStore({ ...tools, client: gatewayClient }, "gateway");
  agent = await startAgent({ ...tools, store, stateDirectory: join(directory, "state"), version: "test" });
}

const status = async (): Promise<AgentStatus> =>
  (await callLocal(statePaths(join(directory, "state")).localSocket, "GET", "/status")) as AgentStatus;
const served = async (): Promise<readonly (readonly [string, string | undefined])[]> =>
  (await status()).services.map(({ service, listen }) => [service, listen]);
const problems = async (): Promise<readonly string[]> =>
  (await status()).problems.map(({ file, field, message }) => `${file ?? ""} ${field ?? ""} ${message}`);

test("its Service is served as before, and the status says so, until the policy is put right or the controller lets go", async () => {
  await startAgain();
  const before = await served();
  expect(before).toEqual([["shop/web/80", expect.stringMatching(/^127\.0\.0\.1:\d+$/)]]);
  await patchPolicy({ strategy: "Spread" });
  for (const _again of [1, 2]) {
    await startAgain();
    expect(await served()).toEqual(before);
    expect(await problems()).toEqual([
      "FailoverPolicy shop/web spec.strategy unknown field",
      expect.stringContaining("FailoverPolicy shop/web  is not valid, and its Services are served as it said"),
    ]);
  }
  await patchPolicy({ strategy: null, mode: "Gateway" });
  await expect.poll(problems).toEqual([]);
  expect(await served()).toEqual(before);
  await patchPolicy({ strategy: "Spread" });
  await startAgain();
  cluster.remove("/services", "web-tandem-origin", "shop");
  await expect.poll(served).toEqual([]);
});

test("one that was made anew is another one: what its name said before counts no more", async () => {
  await startAgain();
  await agent?.close();
  agent = undefined;
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  seedPolicy({ strategy: "Spread" });
  await startAgain();
  expect(await served()).toEqual([]);
});

test("one that is gone is forgotten, and what is kept changes with what is valid alone", async () => {
  await startAgain();
  await agent?.close();
  agent = undefined;
  const store = new KubeStore({ ...tools, client: gatewayClient }, "gateway");
  let changes = 0;
  store.lastValid?.onChange(() => (changes += 1));
  await store.open();
  const seen = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => void store.onChange(() => void (isSo() && resolve())));
  expect([changes, store.lastValid?.all()]).toMatchObject([1, [{ metadata: { name: "web" } }]]);
  const invalid = seen(() => store.problems().length > 0);
  await patchPolicy({ strategy: "Spread" });
  await invalid;
  expect(changes).toBe(1);
  const gone = seen(() => store.problems().length === 0);
  cluster.remove("/services", "web-tandem-origin", "shop");
  cluster.remove("tandem.dev/failoverpolicies", "web", "shop");
  await gone;
  expect([changes, store.lastValid?.all()]).toEqual([2, []]);
  store.close();
});
