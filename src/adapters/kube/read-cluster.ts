/**
 * A cluster's objects for an assessment: read only, page by page.
 * @module
 */
import { ASSESSED_RESOURCES, type AssessedResource, withoutValues } from "./assessed-resources.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject } from "./kube-resource.ts";
import { listPages } from "./list-pages.ts";

/** How often a list is begun anew because its pages had expired before the last one was read. */
const MOST_STARTS = 3;

/** All objects of one resource, or why there are none. */
export interface ClusterList {
  readonly resource: AssessedResource;
  readonly objects: readonly KubeObject[];
  /** `refused`: whoever reads has no permission; `absent`: the cluster has no such resource. */
  readonly missing?: "refused" | "absent";
}

/**
 * Lists what decides what runs where, one resource after the other. Values of Secrets, ConfigMaps and environment variables
 * are left out.
 * @throws KubeError where nodes or pods cannot be read, or the API server does not answer
 */
export async function* readCluster(client: KubeClient, signal: AbortSignal): AsyncGenerator<ClusterList, void> {
  for (const resource of ASSESSED_RESOURCES) {
    const list = await readList(client, resource, signal);
    const isNeeded = resource.kind === "Node" || resource.kind === "Pod";
    if (list instanceof KubeError && (isNeeded || whyMissing(list) === undefined)) throw list;
    const missing = list instanceof KubeError ? whyMissing(list) : undefined;
    const objects = list instanceof KubeError ? [] : list.map((object) => withoutValues(object, resource));
    yield { resource, objects, ...(missing === undefined ? {} : { missing }) };
  }
}

async function readList(
  client: KubeClient,
  resource: AssessedResource,
  signal: AbortSignal,
): Promise<readonly KubeObject[] | KubeError> {
  for (let start = 1; ; start += 1)
    try {
      const { objects } = await listPages(client, resource, { metadataOnly: resource.metadataOnly }, signal);
      return objects;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.reason !== "Expired" || start === MOST_STARTS) return error;
    }
}

function whyMissing({ reason, status }: KubeError): ClusterList["missing"] {
  if (reason === "Forbidden") return "refused";
  return status === 404 ? "absent" : undefined;
}
