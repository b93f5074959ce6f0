/**
 * Everything of the comparison's own out of a cluster: before, because an earlier one may have been killed, and after.
 * @module
 */
import type { KubeClient } from "../../../src/adapters/kube/kube-client.ts";
import {
  KUBE_RESOURCES,
  type KubeObject,
  type KubePlace,
  type KubeResource,
  pathOf,
} from "../../../src/adapters/kube/kube-resource.ts";
import { listPages } from "../../../src/adapters/kube/list-pages.ts";
import { ifThere } from "../../../src/adapters/kube/read-object.ts";
import { outcomeOf } from "../../../src/adapters/kube/write-outcome.ts";
import { OWN_LABEL, OWN_NAMESPACES, OWN_RESOURCES } from "./own-objects.ts";

/** Removes all objects with the label and all namespaces with the prefix, whatever holds them. @throws KubeError */
export async function sweep(client: KubeClient): Promise<void> {
  const all = Object.values(OWN_RESOURCES);
  const namespaces = (await list(client, KUBE_RESOURCES.namespaces))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith(OWN_NAMESPACES));
  const inNamespaces = [...all.filter(({ namespaced }) => namespaced), KUBE_RESOURCES.events];
  await Promise.all(
    namespaces.flatMap((namespace) => inNamespaces.map((resource) => removeAll(client, resource, { namespace }))),
  );
  await Promise.all(all.filter(({ namespaced }) => !namespaced).map((resource) => removeAll(client, resource, {})));
  await Promise.all(namespaces.map((namespace) => removeNamespace(client, namespace)));
}

/** Removes the objects of one resource in a namespace, or those with the label. */
async function removeAll(client: KubeClient, resource: KubeResource, place: KubePlace): Promise<void> {
  const held = (await list(client, resource, place)).filter(({ metadata }) => (metadata.finalizers ?? []).length > 0);
  await Promise.all(held.map(({ metadata }) => letGo(client, resource, metadata)));
  await deleteAll(client, resource, place);
}

/** Deletes the objects of one resource in a namespace, or those with the label, without a grace period. @throws KubeError */
export async function deleteAll(client: KubeClient, resource: KubeResource, place: KubePlace): Promise<void> {
  const path = pathOf(resource, place);
  await client.request({ method: "DELETE", path, query: { gracePeriodSeconds: 0, labelSelector: labelIn(resource) } });
}

/** Takes all finalizers from an object, if it is still there. @throws KubeError */
export async function letGo(client: KubeClient, resource: KubeResource, place: KubePlace): Promise<void> {
  await ifThere(
    client.request({
      method: "PATCH",
      path: pathOf(resource, { namespace: place.namespace, ...(place.name === undefined ? {} : { name: place.name }) }),
      body: { metadata: { finalizers: null } },
      bodyType: "application/merge-patch+json",
    }),
  );
}

/** Without a controller manager nobody else says that a namespace is empty. */
async function removeNamespace(client: KubeClient, name: string): Promise<void> {
  const path = pathOf(KUBE_RESOURCES.namespaces, { name });
  await ifThere(client.request({ method: "DELETE", path }));
  const namespace = await ifThere(client.request<KubeObject>({ method: "GET", path }));
  if (namespace === undefined) return;
  const body = { ...namespace, spec: { finalizers: [] } };
  try {
    await client.request({ method: "PUT", path: `${path}/finalize`, body });
  } catch (error) {
    // Somebody else did it.
    if (outcomeOf(error).became !== "outdated") throw error;
  }
}

async function list(client: KubeClient, resource: KubeResource, place: KubePlace = {}): Promise<readonly KubeObject[]> {
  const selection = { namespace: place.namespace, labelSelector: labelIn(resource) };
  return (await listPages(client, resource, selection, new AbortController().signal)).objects;
}

function labelIn({ namespaced, plural }: KubeResource): string | undefined {
  return namespaced || plural === "namespaces" ? undefined : OWN_LABEL;
}
