/**
 * The cluster that contract suites run against: the one that a kubeconfig leads to, else a simulated one.
 * @module
 */
import { request } from "node:https";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { GATEWAY, grantPermissions, USERS } from "../install/accounts.ts";
import { connect } from "./kube-world.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../src/adapters/kube/kube-resource.ts";
import { KubeProxy } from "../kube/kube-proxy.ts";
import { ownAddress, type TakeoverWorld } from "./takeover-world.ts";

/** A cluster in use. */
export interface UsedCluster {
  readonly client: KubeClient;
  /** As gateways ask: of a simulated cluster with their permissions and no others. */
  readonly gateway: KubeClient;
  /** A client of a held Service's address; undefined where that leads nowhere from this machine. */
  clientsOf(world: TakeoverWorld): Promise<ServiceClient | undefined>;
  close(): Promise<void>;
}

/** A client of a Service. */
interface ServiceClient {
  /** The body of an answer; undefined when there is none. */
  get(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The cluster of the environment variable `TANDEM_CONTRACT_KUBECONFIG`, which `npm run test:contract` sets, or a simulated one. */
export async function openUsedCluster(simulated = { allowLoopback: false }): Promise<UsedCluster> {
  const kubeconfig = process.env["TANDEM_CONTRACT_KUBECONFIG"];
  if (kubeconfig === undefined) return await openSimulatedCluster(simulated);
  const client = await connect(kubeconfig);
  return {
    client,
    gateway: client,
    clientsOf: async (world) => {
      if (!(await reachesServices(client))) return undefined;
      const service = (await world.read(KUBE_RESOURCES.services, "web"))?.["spec"] as { readonly clusterIP: string };
      return { get: () => bodyOf(`http://${service.clusterIP}/`), close: () => Promise.resolve() };
    },
    close: () => Promise.resolve(),
  };
}

/** A simulated cluster, reached as any other: by a kubeconfig. */
export async function openSimulatedCluster(
  how = { allowLoopback: false },
): Promise<UsedCluster & { readonly cluster: SimulatedCluster }> {
  const cluster = await SimulatedCluster.start({ ...how, users: USERS, namespaces: ["tandem-system"] });
  grantPermissions(cluster);
  const directory = await mkdtemp(join(tmpdir(), "tandem-contract-"));
  const connectAs = async (user: string): Promise<KubeClient> => {
    const kubeconfig = join(directory, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig({ user }), { mode: 0o600 });
    return await connect(kubeconfig);
  };
  return {
    cluster,
    client: await connectAs("admin"),
    gateway: await connectAs(GATEWAY),
    clientsOf: async ({ namespace }) => {
      const listen = "127.69.9.80:8080";
      const proxy = await KubeProxy.start({
        access: cluster.access(),
        forwards: [{ namespace, service: "web", port: "http", listen }],
      });
      return { get: () => bodyOf(`http://${listen}/`), close: () => proxy.close() };
    },
    close: async () => {
      await cluster.close();
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * Where a stand-in for a gateway listens: an address of this machine that the cluster in use may have in its slices.
 * `TANDEM_CONTRACT_ADDRESS` names another one than the first.
 */
export function gatewayAddress(): string {
  if (process.env["TANDEM_CONTRACT_KUBECONFIG"] === undefined) return "127.69.0.2";
  const address = process.env["TANDEM_CONTRACT_ADDRESS"] ?? ownAddress();
  if (address === undefined) throw new Error("this machine has no address but loopback: name one with --address");
  return address;
}

async function bodyOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000), headers: { connection: "close" } });
    return await response.text();
  } catch {
    return undefined;
  }
}

/** Whether Services' addresses lead anywhere from this machine: that of the API server itself does wherever a kube-proxy is. */
async function reachesServices(client: KubeClient): Promise<boolean> {
  const path = pathOf(KUBE_RESOURCES.services, { namespace: "default", name: "kubernetes" });
  const address = await client.request<KubeObject>({ method: "GET", path }).then(
    ({ spec }) => (spec as { readonly clusterIP: string }).clusterIP,
    () => undefined,
  );
  if (address === undefined) return false;
  const answered = Promise.withResolvers<boolean>();
  // Whoever it is: that somebody speaks as API servers do is enough.
  const asked = request({ host: address, path: "/version", rejectUnauthorized: false, timeout: 2_000 }, (response) => {
    response.resume();
    answered.resolve([200, 401, 403].includes(response.statusCode ?? 0));
  });
  asked.on("timeout", () => asked.destroy());
  asked.on("error", () => answered.resolve(false));
  asked.end();
  return await answered.promise;
}
