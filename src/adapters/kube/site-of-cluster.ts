import { TandemError } from "../../model/errors.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";

/** Annotation of what belongs to one site with the site's name. */
export const SITE_ANNOTATION = "tandem.dev/site";

/** Name of the Lease of a cluster's controllers, which says by {@link SITE_ANNOTATION} which site the cluster is. */
export const CONTROLLER_LEASE = "tandem-controller";

/** How long an answer may take, in milliseconds: a gateway serves without it. */
const TIMEOUT_MS = 5_000;

/**
 * Makes sure that a cluster is the site that a gateway belongs to, as far as it can be known: before a controller has led
 * there, or where its Lease cannot be read, nothing speaks against it.
 * @throws TandemError AgentCannotStart when the cluster is another site
 */
export async function requireSiteOfCluster(client: KubeClient, namespace: string, site: string): Promise<void> {
  const cluster = await siteOfCluster(client, namespace);
  if (cluster === undefined || cluster === site) return;
  throw new TandemError("AgentCannotStart", `the cluster ${client.server} is the site ${cluster} and not ${site}`, {
    remedy: `Name the cluster of ${site} with --kubeconfig or --context, or start a gateway of ${cluster} with --as ${cluster}/NAME and a --state directory of its own`,
  });
}

async function siteOfCluster(client: KubeClient, namespace: string): Promise<string | undefined> {
  try {
    const path = pathOf(KUBE_RESOURCES.leases, { namespace, name: CONTROLLER_LEASE });
    const lease = await client.request<KubeObject>({ method: "GET", path, timeoutMs: TIMEOUT_MS });
    return lease.metadata.annotations?.[SITE_ANNOTATION];
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
