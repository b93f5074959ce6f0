import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { labelSelectorOf, type Selector } from "../../../core/takeover/selector.ts";
import { peerAuthenticationsFor } from "../../../core/network/strict-mesh.ts";
import { dependsOnPods, type ServiceReach, surroundingsOf } from "../../../core/takeover/surroundings.ts";
import { readPeerAuthentication } from "../../../model/mesh.ts";
import { readNetworkPolicy } from "../../../model/network-policy.ts";
import { ClusterPod, type ServiceSurroundings } from "../../../model/takeover.ts";
import { ifAllowed, readIfAllowed } from "./read-if-allowed.ts";

/**
 * What stands between some pods and those who come to them, as far as this person may read it.
 * @throws KubeError
 */
export async function readSurroundings(
  client: KubeClient,
  namespace: string,
  reach: ServiceReach,
): Promise<ServiceSurroundings> {
  const { selector } = reach;
  const path = pathOf(KUBE_RESOURCES.namespaces, { name: namespace });
  const [found, policies, authentications] = await Promise.all([
    ifAllowed(client.request<KubeObject>({ method: "GET", path })),
    readIfAllowed(client, KUBE_RESOURCES.networkPolicies, { namespace }),
    readIfAllowed(client, KUBE_RESOURCES.peerAuthentications),
  ]);
  const networkPolicies = (policies ?? []).flatMap((object) => readNetworkPolicy(object) ?? []);
  const { labels = {}, annotations = {} } = found?.metadata ?? {};
  const read = (authentications ?? []).flatMap((object) => readPeerAuthentication(object) ?? []);
  const objects = { networkPolicies, peerAuthentications: peerAuthenticationsFor(namespace, read) };
  return surroundingsOf(reach, {
    ...objects,
    namespace: { name: namespace, labels, annotations },
    podLabels: dependsOnPods(selector, objects) ? await labelsOfPod(client, namespace, selector) : undefined,
  });
}

async function labelsOfPod(client: KubeClient, namespace: string, selector: Selector): Promise<Selector | undefined> {
  const path = pathOf(KUBE_RESOURCES.pods, { namespace });
  const query = { labelSelector: labelSelectorOf(selector), limit: 1 };
  const list = await ifAllowed(client.request<{ readonly items?: unknown[] }>({ method: "GET", path, query }));
  return ClusterPod.safeParse(list?.items?.[0]).data?.metadata.labels;
}
