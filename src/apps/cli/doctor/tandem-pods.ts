/**
 * Tandem's own pods in a cluster: where they stand and who they are to the API server.
 * @module
 */
import { z } from "zod";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "../../../adapters/kube/kube-resource.ts";
import type { TandemPodPicture } from "../../../model/doctor.ts";
import { readIfAllowed, readOnly } from "../cluster/read-if-allowed.ts";
import type { Account } from "./permissions.ts";

const NODES = readOnly("", "nodes", "Node", false);
const ZONE_LABEL = "topology.kubernetes.io/zone";

const Pod = z.looseObject({
  spec: z.looseObject({
    nodeName: z.string().default(""),
    serviceAccountName: z.string().default("default"),
    containers: z.array(z.looseObject({ image: z.string().default("") })).default([]),
  }),
  status: z.looseObject({ podIPs: z.array(z.looseObject({ ip: z.string() })).default([]) }).default({ podIPs: [] }),
});

/** A pod, with what only some checks need. */
export type TandemPod = TandemPodPicture & { readonly account: string; readonly images: readonly string[] };

/** The pods of a namespace; undefined where they may not be read. @throws KubeError */
export async function readTandemPods(client: KubeClient, namespace: string): Promise<readonly TandemPod[] | undefined> {
  const [pods, nodes] = await Promise.all([
    readIfAllowed(client, KUBE_RESOURCES.pods, { namespace }),
    readIfAllowed(client, NODES),
  ]);
  const zones = new Map((nodes ?? []).map(({ metadata }) => [metadata.name, metadata.labels?.[ZONE_LABEL]]));
  return pods?.flatMap((pod) => podPicture(pod, zones));
}

/** What accounts the pods use, and for what: the leader's name begins with that of its pod. */
export function accountsOf(
  pods: readonly TandemPod[],
  how: { readonly namespace: string; readonly leader: string; readonly gateways: readonly string[] },
): readonly Account[] {
  const accounts = pods.flatMap(({ name, account, addresses }): Account[] => {
    const of = { namespace: how.namespace, name: account };
    if (how.leader.startsWith(`${name}-`)) return [{ ...of, role: "controller" }];
    return addresses.some((address) => how.gateways.includes(address)) ? [{ ...of, role: "agent" }] : [];
  });
  return [...new Map(accounts.map((account) => [`${account.role} ${account.name}`, account])).values()];
}

function podPicture(object: KubeObject, zones: ReadonlyMap<string, string | undefined>): readonly TandemPod[] {
  const { data } = Pod.safeParse(object);
  if (data === undefined) return [];
  const { nodeName, serviceAccountName, containers } = data.spec;
  return [
    {
      name: object.metadata.name,
      labels: object.metadata.labels ?? {},
      addresses: data.status.podIPs.map(({ ip }) => ip),
      zone: zones.get(nodeName),
      account: serviceAccountName,
      images: containers.map(({ image }) => image),
    },
  ];
}
