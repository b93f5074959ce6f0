/**
 * The objects of a cluster that the comparison makes, and removes again: in namespaces of its own, and by a label of its own.
 * @module
 */
import type { KubeResource } from "../../../src/adapters/kube/kube-resource.ts";
import type { Manifest } from "../scheduler-case.ts";

/** Objects without a namespace that have it are the comparison's own. */
export const OWN_LABEL = "verify.tandem.dev/owned";

/** Namespaces with such names are. */
export const OWN_NAMESPACES = "tandem-verify-";

/** Holds an object that is being deleted in a case. */
export const HOLDING_FINALIZER = "verify.tandem.dev/hold";

/** A resource, and whether its status is written apart. */
export type OwnResource = KubeResource & { readonly status: boolean };

function resource(
  path: `${string}/${string}`,
  kind: string,
  { namespaced = false, status = false }: { readonly namespaced?: boolean; readonly status?: boolean },
): OwnResource {
  const [group = "", plural = ""] = path.split("/");
  return { group, version: "v1", plural, kind, namespaced, status };
}

/** Pods. */
export const PODS = resource("/pods", "Pod", { namespaced: true, status: true });

/** Nodes; their status is kept when they are created. */
export const NODES = resource("/nodes", "Node", {});

/** Everything but namespaces that cases have, by kind. */
export const OWN_RESOURCES: Readonly<Record<string, OwnResource>> = {
  Pod: PODS,
  Node: NODES,
  PersistentVolume: resource("/persistentvolumes", "PersistentVolume", { status: true }),
  PersistentVolumeClaim: resource("/persistentvolumeclaims", "PersistentVolumeClaim", {
    namespaced: true,
    status: true,
  }),
  PodDisruptionBudget: resource("policy/poddisruptionbudgets", "PodDisruptionBudget", {
    namespaced: true,
    status: true,
  }),
  StorageClass: resource("storage.k8s.io/storageclasses", "StorageClass", {}),
  CSINode: resource("storage.k8s.io/csinodes", "CSINode", {}),
  CSIDriver: resource("storage.k8s.io/csidrivers", "CSIDriver", {}),
  CSIStorageCapacity: resource("storage.k8s.io/csistoragecapacities", "CSIStorageCapacity", { namespaced: true }),
  VolumeAttachment: resource("storage.k8s.io/volumeattachments", "VolumeAttachment", { status: true }),
  Deployment: resource("apps/deployments", "Deployment", { namespaced: true }),
  ReplicaSet: resource("apps/replicasets", "ReplicaSet", { namespaced: true }),
  StatefulSet: resource("apps/statefulsets", "StatefulSet", { namespaced: true }),
  ReplicationController: resource("/replicationcontrollers", "ReplicationController", { namespaced: true }),
  Service: resource("/services", "Service", { namespaced: true }),
  PriorityClass: resource("scheduling.k8s.io/priorityclasses", "PriorityClass", {}),
};

/** The resource of an object. @throws Error for a kind that no case has */
export function resourceOf({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): OwnResource {
  const known = OWN_RESOURCES[kind];
  if (known === undefined) throw new Error(`${kind} ${metadata.name}: objects of this kind are not made`);
  return known;
}

/** A namespace's name in a case -> the one that it has in the cluster. */
export function ownNamespace(name: string): string {
  return name.startsWith(OWN_NAMESPACES) ? name : OWN_NAMESPACES + name;
}
