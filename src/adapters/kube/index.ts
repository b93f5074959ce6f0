/**
 * Kubernetes as a place of a site's objects: the folder's public face.
 * @module
 */
import { KubeClient } from "./kube-client.ts";
import { type KubeConnectionSource, loadKubeConnection } from "./kube-connection.ts";

/**
 * A client of the API server that a kubeconfig, or the pod this runs in, leads to.
 * @param userAgent shows in the API server's audit log
 * @throws TandemError KubeConfigUnusable
 */
export async function connectKube(source: KubeConnectionSource, userAgent: string): Promise<KubeClient> {
  return new KubeClient(await loadKubeConnection(source), userAgent);
}

export type { KubeClient } from "./kube-client.ts";
export type { KubeConnectionSource } from "./kube-connection.ts";
export { KubeStore } from "./kube-store.ts";
export { GatewayLeases } from "./gateway-leases.ts";
export { AUTHORITY_SECRET, openAuthoritySecret, ownAuthority } from "./authority-secret.ts";
export { TandemLeases } from "./tandem-leases.ts";
export { passOn } from "./join-leases.ts";
export { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";
export { changeTokens } from "./token-secret.ts";
