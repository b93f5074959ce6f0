import type { MeshNamespace, PeerAuthentication } from "../../model/mesh.ts";
import type { NetworkPolicy } from "../../model/network-policy.ts";
import type { ServiceSurroundings } from "../../model/takeover.ts";
import { matches, matchesKnown } from "../network/label-selector.ts";
import { restrictingPolicies } from "../network/network-policies.ts";
import { strictMeshOf } from "../network/strict-mesh.ts";
import type { Selector } from "./selector.ts";

/** What a Service's surroundings are made of. */
export interface SurroundingObjects {
  readonly namespace: MeshNamespace;
  /** Of its namespace. */
  readonly networkPolicies: readonly NetworkPolicy[];
  /** Of its namespace and of the mesh. */
  readonly peerAuthentications: readonly PeerAuthentication[];
  /** Of one of its pods; undefined while none is known: see {@link dependsOnPods}. */
  readonly podLabels: Selector | undefined;
}

/** What stands between the pods of a Service and those who come to them. @param selector the Service's own */
export function surroundingsOf(
  selector: Selector,
  { namespace, networkPolicies, peerAuthentications, podLabels }: SurroundingObjects,
): ServiceSurroundings {
  const labels = { ...podLabels, ...selector };
  const selects = ({ podSelector }: NetworkPolicy): boolean =>
    podLabels === undefined ? matchesKnown(podSelector, labels) === true : matches(podSelector, labels);
  const restricting = restrictingPolicies(networkPolicies, selects);
  return {
    restrictedBy: restricting.map(({ namespace: of, name }) => `${of}/${name}`).toSorted(),
    strictMesh: strictMeshOf(namespace, labels, peerAuthentications),
  };
}

/** Whether labels that the selector does not name decide which NetworkPolicies are about the pods. */
export function dependsOnPods(selector: Selector, networkPolicies: readonly NetworkPolicy[]): boolean {
  return networkPolicies.some(({ podSelector }) => matchesKnown(podSelector, selector) === undefined);
}
