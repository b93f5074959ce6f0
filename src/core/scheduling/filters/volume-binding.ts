import type { Pod } from "../../../model/snapshot/pod.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../../model/snapshot/storage.ts";
import type { NodeState } from "../cluster-state.ts";
import { parseMilli, wholeUnits } from "../quantity.ts";
import { nodeSelectionOf, selectionOf } from "../selection.ts";
import { claimNameOf, classOf, isFullyBound, selectedNodeOf, type StorageIndex } from "../storage-index.ts";
import { type Filter, type Refusal, unresolvable } from "./filter.ts";

/** The provisioner of classes whose volumes are made by hand. */
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

/** A pod's claims, by what is still to be done for them. */
interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** Their volumes are chosen or made when the node is known. */
  readonly delayed: readonly PersistentVolumeClaim[];
}

/**
 * A pod's volumes can be used on the node, or there are such or can be made there.
 * https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
 */
export const volumeBinding: Filter = {
  name: "VolumeBinding",
  prepare({ pod }, { storage }) {
    const claims = claimsOf(pod, storage);
    if (claims === undefined || "refusal" in claims) return claims;
    return {
      check(node) {
        const reasons = [
          ...boundReasons(claims.bound, node, storage),
          ...delayedReasons(claims.delayed, node, storage),
        ];
        return reasons.length === 0 ? undefined : unresolvable(...reasons);
      },
    };
  },
};

function claimsOf(pod: Pod, storage: StorageIndex): PodClaims | Refusal | undefined {
  const claims: PersistentVolumeClaim[] = [];
  for (const volume of pod.spec.volumes) {
    const name = claimNameOf(pod, volume);
    if (name === undefined) continue;
    const claim = storage.claims.get(`${pod.metadata.namespace}/${name}`);
    if (claim === undefined && volume.ephemeral !== undefined)
      return { refusal: `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"` };
    if (claim === undefined) return { refusal: `persistentvolumeclaim "${name}" not found` };
    if (claim.status.phase === "Lost")
      return {
        refusal: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`,
      };
    if (claim.metadata.deletionTimestamp !== undefined)
      return { refusal: `persistentvolumeclaim "${name}" is being deleted` };
    claims.push(claim);
  }
  if (claims.length === 0) return undefined;
  const [bound, unbound] = [claims.filter(isFullyBound), claims.filter((claim) => !isFullyBound(claim))];
  if (unbound.some((claim) => !waitsForNode(claim, storage)))
    return { refusal: "pod has unbound immediate PersistentVolumeClaims" };
  return { bound, delayed: unbound };
}

function waitsForNode(claim: PersistentVolumeClaim, { classes }: StorageIndex): boolean {
  const mode = classes.get(classOf(claim))?.volumeBindingMode;
  return claim.spec.volumeName === "" && mode === "WaitForFirstConsumer";
}

/** The first volume that is not there or not for this node decides. */
function boundReasons(
  claims: readonly PersistentVolumeClaim[],
  node: NodeState,
  { volumes }: StorageIndex,
): readonly string[] {
  for (const { spec } of claims) {
    const volume = volumes.get(spec.volumeName);
    if (volume === undefined) return ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"];
    if (!isUsableOn(volume, node)) return ["node(s) didn't match PersistentVolume's node affinity"];
  }
  return [];
}

const NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind";

function delayedReasons(
  claims: readonly PersistentVolumeClaim[],
  node: NodeState,
  storage: StorageIndex,
): readonly string[] {
  const begun = claims.filter((claim) => selectedNodeOf(claim) !== undefined);
  if (begun.some((claim) => selectedNodeOf(claim) !== node.name)) return [NOTHING_TO_BIND];
  const open = claims.filter((claim) => selectedNodeOf(claim) === undefined);
  for (const claim of [...begun, ...withoutVolume(open, node, storage)]) {
    const reason = whyNotProvisioned(claim, node, storage);
    if (reason !== undefined) return [reason];
  }
  return [];
}

/** The claims for which there is no volume. The smallest claim chooses first, and each volume goes once. */
function withoutVolume(
  claims: readonly PersistentVolumeClaim[],
  node: NodeState,
  { volumes }: StorageIndex,
): readonly PersistentVolumeClaim[] {
  const taken = new Set<PersistentVolume>();
  return claims
    .toSorted((one, other) => sizeOf(one) - sizeOf(other))
    .filter((claim) => {
      const ofClass = [...volumes.values()].filter((volume) => classOf(volume) === classOf(claim));
      const volume = chooseVolume(
        claim,
        ofClass.filter((one) => !taken.has(one)),
        node,
      );
      if (volume !== undefined) taken.add(volume);
      return volume === undefined;
    });
}

/**
 * The volume that is kept for the claim, else the smallest one that will do. The scheduler takes any of those of one
 * size, the model the first by name.
 */
function chooseVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node: NodeState,
): PersistentVolume | undefined {
  const fitting = volumes.filter(
    (volume) =>
      (volume.spec.claimRef === undefined || isKeptFor(volume, claim)) &&
      capacityOf(volume) >= sizeOf(claim) &&
      volume.spec.volumeMode === claim.spec.volumeMode &&
      (volume.spec.volumeAttributesClassName ?? "") === (claim.spec.volumeAttributesClassName ?? "") &&
      volume.metadata.deletionTimestamp === undefined,
  );
  const kept = fitting.find((volume) => isKeptFor(volume, claim));
  if (kept !== undefined) return isUsableOn(kept, node) ? kept : undefined;
  const selection = claim.spec.selector === undefined ? undefined : selectionOf(claim.spec.selector);
  return fitting
    .filter(
      (volume) =>
        volume.status.phase === "Available" &&
        (selection === undefined || selection.matches(volume.metadata.labels)) &&
        claim.spec.accessModes.every((mode) => volume.spec.accessModes.includes(mode)) &&
        isUsableOn(volume, node),
    )
    .toSorted(
      (one, other) => capacityOf(one) - capacityOf(other) || (one.metadata.name < other.metadata.name ? -1 : 1),
    )[0];
}

function isKeptFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec;
  if (claimRef === undefined || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace)
    return false;
  return claimRef.uid === "" || claimRef.uid === metadata.uid;
}

/** Undefined where a volume can be made. */
function whyNotProvisioned(claim: PersistentVolumeClaim, node: NodeState, storage: StorageIndex): string | undefined {
  const storageClass = storage.classes.get(classOf(claim));
  if (storageClass === undefined || storageClass.provisioner === "" || storageClass.provisioner === NO_PROVISIONER)
    return NOTHING_TO_BIND;
  if (!isAllowedOn(storageClass, node)) return NOTHING_TO_BIND;
  return hasRoom(claim, { storageClass, node }, storage) ? undefined : "node(s) did not have enough free storage";
}

function isAllowedOn({ allowedTopologies }: StorageClass, { labels }: NodeState): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(
    ({ matchLabelExpressions }) =>
      matchLabelExpressions.length > 0 &&
      matchLabelExpressions.every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])),
  );
}

/** Drivers that do not tell how much room they have, have room. */
function hasRoom(
  claim: PersistentVolumeClaim,
  { storageClass, node }: { readonly storageClass: StorageClass; readonly node: NodeState },
  { drivers, capacities }: StorageIndex,
): boolean {
  if (claim.spec.resources.requests["storage"] === undefined) return true;
  if (drivers.get(storageClass.provisioner)?.spec.storageCapacity !== true) return true;
  return capacities.some((capacity) => {
    const limit = capacity.maximumVolumeSize ?? capacity.capacity;
    return (
      capacity.storageClassName === storageClass.metadata.name &&
      limit !== undefined &&
      bytesOf(limit) >= bytesOf(claim.spec.resources.requests["storage"] ?? 0) &&
      selectionOf(capacity.nodeTopology).matches(node.labels)
    );
  });
}

function isUsableOn({ spec }: PersistentVolume, node: NodeState): boolean {
  const required = spec.nodeAffinity?.required;
  // A volume goes by the labels of nodes, not by their names.
  return required === undefined || nodeSelectionOf(required)({ name: "", labels: node.labels });
}

function sizeOf({ spec }: PersistentVolumeClaim): number {
  return parseMilli(spec.resources.requests["storage"] ?? 0) ?? 0;
}

function capacityOf({ spec }: PersistentVolume): number {
  return parseMilli(spec.capacity["storage"] ?? 0) ?? 0;
}

function bytesOf(quantity: string | number): number {
  return wholeUnits(parseMilli(quantity) ?? 0);
}
