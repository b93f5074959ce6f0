/**
 * An agent that is told of a cluster which is another site than its own does not run there.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../src/adapters/pki/certificate-authority.ts";
import { createStateDirectory, writeGatewayRecord } from "../../src/adapters/state/state-directory.ts";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { requireSiteOfCluster } from "../../src/adapters/kube/site-of-cluster.ts";
import { Controller } from "../../src/apps/controller/index.ts";
import { processTimer } from "../../src/apps/cli/commands/process.ts";
import { trustDomain } from "../../src/model/identity.ts";
import { CONTROLLER, GATEWAY, grantPermissions, USERS } from "../install/accounts.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions } from "./kube-world.ts";
import { runCli } from "./run-cli.ts";

const NAMESPACE = "tandem-system";

let cluster: SimulatedCluster;
let directory: string;
let controller: Controller;
let client: KubeClient;

beforeEach(async () => {
  cluster = await SimulatedCluster.start({ namespaces: [NAMESPACE], users: USERS });
  grantPermissions(cluster);
  directory = await mkdtemp(join(tmpdir(), "td-site-"));
  await installDefinitions(await connectAs("admin"));
  const own = await connectAs(CONTROLLER);
  controller = await Controller.start({
    client: own,
    electionClient: own,
    stateDirectory: await stateOf("west", "controller"),
    namespace: NAMESPACE,
    drainMs: 0,
    identity: "one",
    clock: { now: () => Date.now(), after: processTimer },
    monotonic: () => performance.now(),
    random: Math.random,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  await cluster.until((now) => now.read("coordination.k8s.io/leases", "tandem-controller", NAMESPACE));
  client = await connectAs(GATEWAY);
});

afterEach(async () => {
  await controller.close();
  await cluster.close();
  await rm(directory, { recursive: true });
});

const kubeconfigOf = (user: string): string => join(directory, `${user.split(":").at(-1) ?? ""}.kubeconfig`);

async function connectAs(user: string): Promise<KubeClient> {
  await writeFile(kubeconfigOf(user), cluster.kubeconfig({ user }), { mode: 0o600 });
  return await connect(kubeconfigOf(user));
}

/** A state directory that is set up. */
async function stateOf(site: string, gateway: string): Promise<string> {
  const paths = await createStateDirectory(join(directory, gateway));
  const authority = await createAuthority(trustDomain(site), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site, gateway, issuer: true });
  return paths.root;
}

test.each([
  [
    "that was set up before",
    (): Promise<string> => stateOf("south", "south-1"),
    ["--as", "south/south-1", "--node-address", "127.0.0.1"],
  ],
  [
    "that is new",
    () => Promise.resolve(join(directory, "new")),
    ["--as", "south/south-2", "--node-address", "127.0.0.1"],
  ],
  ["that a Site of the cluster lists", joined, []],
] as const)("an agent of a gateway %s ends with what is wrong, and registers nobody", async (_what, stateIn, as) => {
  const args = ["agent", "--kubeconfig", kubeconfigOf(GATEWAY), ...as, "--state", await stateIn()];
  const { exit, err } = await runCli("tandem", args);
  expect([exit, err]).toEqual([3, expect.stringContaining("is the site west and not south")]);
  expect(err).toContain("error AgentCannotStart");
  expect(cluster.list("coordination.k8s.io/leases").map(({ metadata }) => metadata.name)).toEqual([
    "tandem-controller",
  ]);
});

/** As a site that has joined the cluster's own. */
async function joined(): Promise<string> {
  cluster.seed("tandem.dev/sites", {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "Site",
    metadata: { name: "south" },
    spec: { gateways: [{ name: "south-3", address: "127.0.0.1", port: 15_443 }] },
  });
  return await stateOf("south", "south-3");
}

test("the own site is no other one, and what cannot be known is not held against anybody", async () => {
  await expect(requireSiteOfCluster(client, NAMESPACE, "west")).resolves.toBeUndefined();
  await expect(requireSiteOfCluster(client, NAMESPACE, "south")).rejects.toMatchObject({ code: "AgentCannotStart" });
  const healed = cluster.faults.add({ match: { resource: "leases" }, answer: { kind: "status", status: 403 } });
  await expect(requireSiteOfCluster(client, NAMESPACE, "south")).resolves.toBeUndefined();
  healed();
  await controller.close();
  cluster.remove("coordination.k8s.io/leases", "tandem-controller", NAMESPACE);
  await expect(requireSiteOfCluster(client, NAMESPACE, "south")).resolves.toBeUndefined();
});
