/**
 * A gateway of two dies: what that costs an API server, by the number of Services that went there.
 * @module
 */
import { createServer, type Server } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../src/adapters/pki/certificate-authority.ts";
import { createStateDirectory, writeGatewayRecord } from "../../src/adapters/state/state-directory.ts";
import { replaceFile } from "../../src/adapters/state/write-file.ts";
import { processTimer } from "../../src/apps/cli/commands/process.ts";
import { Controller } from "../../src/apps/controller/index.ts";
import { READY_PORT } from "../../src/model/kinds/index.ts";
import { trustDomain } from "../../src/model/identity.ts";
import { listAt } from "../kube/api/json.ts";
import { CONTROLLER, grantPermissions, USERS } from "../install/accounts.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { hold, seedPolicy, seedService } from "./held-services.ts";
import { connect, installDefinitions } from "./kube-world.ts";

const SLICES = "discovery.k8s.io/endpointslices";
const GATEWAYS = ["127.73.1.1", "127.73.1.2"] as const;

let cluster: SimulatedCluster;
let directory: string;
let controllers: Controller[];
/** Of gateways that live, by their addresses. */
let servers: Map<string, Server>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-dead-"));
  const namespaces = ["shop", "tandem-system"];
  cluster = await SimulatedCluster.start({ allowLoopback: true, namespaces, users: USERS });
  grantPermissions(cluster);
  controllers = [];
  servers = new Map();
  await Promise.all(GATEWAYS.map(listen));
  const gateways = GATEWAYS.map((address, index) => ({ name: `west-${index + 1}`, address }));
  const site = { apiVersion: "tandem.dev/v1alpha1", kind: "Site", metadata: { name: "west" }, spec: { gateways } };
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  await installDefinitions(await connect(kubeconfig));
  cluster.seed("tandem.dev/sites", site);
});

afterEach(async () => {
  await Promise.all(controllers.map((controller) => controller.close()));
  await Promise.all(GATEWAYS.map(kill));
  await cluster.close();
  await rm(directory, { recursive: true });
});

/** Makes a gateway answer requests for its readiness. */
async function listen(address: string): Promise<void> {
  const server = createServer((_request, response) => response.end());
  servers.set(address, server);
  await new Promise<void>((resolve) => server.listen(READY_PORT, address, resolve));
}

/** Nobody answers at a gateway any more. */
async function kill(address: string): Promise<void> {
  const server = servers.get(address);
  servers.delete(address);
  if (server !== undefined) await new Promise((resolve) => server.close(resolve));
}

/** @param user as whom it writes to Services and slices */
async function startController(identity = "one", user = "admin"): Promise<void> {
  const kubeconfig = join(directory, `${identity}.kubeconfig`);
  await writeFile(kubeconfig, cluster.kubeconfig({ user }), { mode: 0o600 });
  const paths = await createStateDirectory(join(directory, identity));
  const authority = await createAuthority(trustDomain("west"), Date.now());
  await replaceFile(paths.authorityKey, authority.key);
  await replaceFile(paths.authorityCertificate, authority.certificate);
  await writeGatewayRecord(paths, { site: "west", gateway: "controller-1", issuer: true });
  const controller = await Controller.start({
    client: await connect(kubeconfig),
    electionClient: await connect(join(directory, "kubeconfig")),
    stateDirectory: join(directory, identity),
    namespace: "tandem-system",
    drainMs: 200,
    identity,
    clock: { now: () => Date.now(), after: processTimer },
    monotonic: () => performance.now(),
    random: Math.random,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  controllers.push(controller);
}

/** How many Services go to exactly these gateways. */
function goingTo(gateways: readonly string[]): number {
  const ours = cluster.list(SLICES, "shop").filter(({ metadata }) => String(metadata["name"]).endsWith("-tandem-ipv4"));
  return ours.filter((slice) => {
    const addresses = listAt(slice, "endpoints").flatMap((endpoint) => listAt(endpoint, "addresses"));
    return JSON.stringify(addresses) === JSON.stringify(gateways);
  }).length;
}

/** Holds Services for a policy of another uid, so that each is looked at and written once; fulfilled once that is done. */
async function holdServices(names: readonly string[]): Promise<void> {
  const gateways = GATEWAYS.map((address, index) => ({ name: `west-${index + 1}`, addresses: { IPv4: address } }));
  const client = await connect(join(directory, "kubeconfig"));
  for (const [index, name] of names.entries()) {
    seedService(cluster, name, `10.8.${index >> 8}.${index & 255}`);
    seedPolicy(cluster, name);
    await hold(client, `shop/${name}`, { gateways, listen: 20_000 + index });
  }
  cluster.forgetRequests();
  await startController("one", CONTROLLER);
  const taken = (): number =>
    cluster.writes.filter(({ verb, resource }) => `${verb} ${resource}` === "patch services").length;
  await expect.poll(taken, LOOK).toBe(names.length);
  cluster.forgetRequests();
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `web-${index}`);

for (const count of [50, 500])
  test(`a dead gateway leaves ${count} Services with one write each, and no other`, async () => {
    const names = numbered(count);
    await holdServices(names);
    const [first, second] = GATEWAYS;
    await kill(first);
    await expect.poll(() => goingTo([second]), LOOK).toBe(count);
    const writes = cluster.writes.filter(({ resource }) => resource === "services" || resource === "endpointslices");
    expect(writes.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`).toSorted()).toEqual(
      names.map((name) => `patch endpointslices ${name}-tandem-ipv4`).toSorted(),
    );
  }, 300_000);

/** Looks now and then, and not after each of thousands of changes. */
const LOOK = { timeout: 150_000, interval: 100 };
