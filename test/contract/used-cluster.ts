/**
 * The cluster that contract suites run against: the one that a kubeconfig leads to, else a simulated one.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect } from "./kube-world.ts";

/** A cluster in use. */
export interface UsedCluster {
  readonly client: KubeClient;
  close(): Promise<void>;
}

/** The cluster of the environment variable `TANDEM_CONTRACT_KUBECONFIG`, which `npm run test:contract` sets, or a simulated one. */
export async function openUsedCluster(): Promise<UsedCluster> {
  const kubeconfig = process.env["TANDEM_CONTRACT_KUBECONFIG"];
  if (kubeconfig === undefined) return await openSimulatedCluster();
  return { client: await connect(kubeconfig), close: () => Promise.resolve() };
}

/** A simulated cluster, reached as any other: by a kubeconfig. */
export async function openSimulatedCluster(): Promise<UsedCluster & { readonly cluster: SimulatedCluster }> {
  const cluster = await SimulatedCluster.start();
  const directory = await mkdtemp(join(tmpdir(), "tandem-contract-"));
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  return {
    cluster,
    client: await connect(kubeconfig),
    close: async () => {
      await cluster.close();
      await rm(directory, { recursive: true });
    },
  };
}
