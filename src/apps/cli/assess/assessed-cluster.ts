import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { TandemError } from "../../../model/errors.ts";
import { clusterClient, type ClusterOptions, namesCluster } from "../commands/cluster-options.ts";
import { TANDEM } from "../typed-command.ts";
import { liveObjects, reportRefused } from "./live-objects.ts";
import { type ClusterFiles, objectName, readClusterFiles, snapshotOf, withoutLine } from "./read-cluster-files.ts";

/**
 * The cluster that a person means: in files, or as its API server has it.
 * @throws TandemError InvalidArgument when none or both are named, or a path is not there
 * @throws KubeError where nodes or pods cannot be read, or the API server does not answer
 */
export async function readAssessedCluster(paths: readonly string[], options: ClusterOptions): Promise<ClusterFiles> {
  if (paths.length > 0 && namesCluster(options))
    throw new TandemError("InvalidArgument", "paths and a cluster are named: one of them, please");
  if (namesCluster(options)) return await readLive(options);
  if (paths.length > 0) return await readClusterFiles(paths);
  throw new TandemError("InvalidArgument", "nothing is named to look at", {
    remedy: "Name files or folders, - for standard input, or a cluster with --context",
  });
}

async function readLive(options: ClusterOptions): Promise<ClusterFiles> {
  const client = await clusterClient(options, TANDEM);
  const objects: KubeObject[] = [];
  for await (const object of liveObjects(client, reportRefused)) objects.push(object);
  return snapshotOf([{ ok: true, value: objects.map((object) => withoutLine(objectName(object), object, [])) }]);
}
