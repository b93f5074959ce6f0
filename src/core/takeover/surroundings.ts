import type { MeshNamespace, PeerAuthentication } from "../../model/mesh.ts";
import type { LabelSelector, NetworkPolicy } from "../../model/network-policy.ts";
import type { ClusterService, ServiceSurroundings } from "../../model/takeover.ts";
import { matches, matchesKnown } from "../network/label-selector.ts";
import { restrictingPolicies } from "../network/network-policies.ts";
import { strictMeshOf } from "../network/strict-mesh.ts";
import type { Selector } from "./selector.ts";

/** What a Service's surroundings are made of. */
export interface SurroundingObjects {
  readonly namespace: MeshNamespace;
  /** Of its namespace. */
  readonly networkPolicies: readonly NetworkPolicy[];
  /** Of its namespace, and those of the mesh's own. */
  readonly peerAuthentications: readonly PeerAuthentication[];
  /** Of one of its pods; undefined while none is known: see {@link dependsOnPods}. */
  readonly podLabels: Selector | undefined;
}

/** What of pods a Service leads to. */
export interface ServiceReach {
  /** The Service's own, held or not. */
  readonly selector: Selector;
  /** Ports of the pods, by number or name. */
  readonly ports: readonly (number | string)[];
}

/** What stands between the pods of a Service and those who come to them. */
export function surroundingsOf(
  { selector, ports }: ServiceReach,
  { namespace, networkPolicies, peerAuthentications, podLabels }: SurroundingObjects,
): ServiceSurroundings {
  const labels = { ...podLabels, ...selector };
  const selects = ({ podSelector }: NetworkPolicy): boolean =>
    podLabels === undefined ? matchesKnown(podSelector, labels) === true : matches(podSelector, labels);
  const restricting = restrictingPolicies(networkPolicies, selects, ports);
  return {
    restrictedBy: restricting.map(({ namespace: of, name }) => `${of}/${name}`).toSorted(),
    strictMesh: strictMeshOf(namespace, labels, peerAuthentications),
  };
}

/** Whether labels that the selector does not name decide which rules are about the pods. */
export function dependsOnPods(
  selector: Selector,
  { networkPolicies, peerAuthentications }: Pick<SurroundingObjects, "networkPolicies" | "peerAuthentications">,
): boolean {
  const isOpen = (rule: LabelSelector): boolean => matchesKnown(rule, selector) === undefined;
  return (
    networkPolicies.some(({ podSelector }) => isOpen(podSelector)) ||
    peerAuthentications.some(({ matchLabels }) => isOpen({ matchLabels }))
  );
}

/** The ports of pods that a Service leads to. */
export function targetPortsOf({ spec }: ClusterService): readonly (number | string)[] {
  return spec.ports.map(({ port, targetPort }) => targetPort ?? port);
}
