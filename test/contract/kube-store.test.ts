import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { KubeClient } from "../../src/adapters/kube/kube-client.ts";
import { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { connect, installDefinitions, openKubeWorld } from "./kube-world.ts";
import { objectStoreContract } from "./object-store-contract.ts";

describe("a Kubernetes cluster", () => {
  let cluster: SimulatedCluster;
  let directory: string;
  let client: KubeClient;

  beforeAll(async () => {
    cluster = await SimulatedCluster.start();
    directory = await mkdtemp(join(tmpdir(), "tandem-contract-"));
    const kubeconfig = join(directory, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    client = await connect(kubeconfig);
    await installDefinitions(client);
  });
  afterAll(async () => {
    await cluster.close();
    await rm(directory, { recursive: true });
  });

  objectStoreContract(() => openKubeWorld(client));
});
