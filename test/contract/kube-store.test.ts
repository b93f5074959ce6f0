import { afterAll, beforeAll, describe } from "vitest";
import { installDefinitions, openKubeWorld, removeDefinitions } from "./kube-world.ts";
import { objectStoreContract } from "./object-store-contract.ts";
import { openUsedCluster, type UsedCluster } from "./used-cluster.ts";

describe("a Kubernetes cluster", () => {
  let used: UsedCluster;
  let installed: readonly string[];

  beforeAll(async () => {
    used = await openUsedCluster();
    installed = await installDefinitions(used.client);
  });
  afterAll(async () => {
    await removeDefinitions(used.client, installed);
    await used.close();
  });

  objectStoreContract(() => openKubeWorld(used));
});
