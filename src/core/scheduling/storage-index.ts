/**
 * Volumes, claims and classes by name, and who uses which claim.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Pod, Volume } from "../../model/snapshot/pod.ts";
import type {
  CsiDriver,
  CsiNode,
  CsiStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from "../../model/snapshot/storage.ts";
import type { PlacedPod } from "./placed-pod.ts";

/** An annotation by which a claim says that its binding is complete. */
const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/** The older way to name a class. */
const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

/** An annotation by which a claim says for which node its volume is being made. */
const SELECTED_NODE = "volume.kubernetes.io/selected-node";

/** Objects by name. Claims are those of `<namespace>/<name>`. */
export class StorageIndex {
  readonly volumes: ReadonlyMap<string, PersistentVolume>;
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly classes: ReadonlyMap<string, StorageClass>;
  readonly drivers: ReadonlyMap<string, CsiDriver>;
  readonly capacities: readonly CsiStorageCapacity[];
  readonly #csiNodes: ReadonlyMap<string, CsiNode>;
  readonly #attachments: ReadonlyMap<string, readonly VolumeAttachment[]>;
  readonly #users = new Map<string, number>();

  constructor(snapshot: ClusterSnapshot) {
    this.volumes = byName(snapshot.persistentVolumes);
    this.claims = new Map(
      snapshot.persistentVolumeClaims.map((claim) => [`${claim.metadata.namespace}/${claim.metadata.name}`, claim]),
    );
    this.classes = byName(snapshot.storageClasses);
    this.drivers = byName(snapshot.csiDrivers);
    this.capacities = snapshot.csiStorageCapacities;
    this.#csiNodes = byName(snapshot.csiNodes);
    this.#attachments = Map.groupBy(snapshot.volumeAttachments, ({ spec }) => spec.nodeName);
  }

  /** The CSINode of a node. */
  csiNode(node: string): CsiNode | undefined {
    return this.#csiNodes.get(node);
  }

  /** What is attached to a node, or is being attached or detached. */
  attachmentsOf(node: string): readonly VolumeAttachment[] {
    return this.#attachments.get(node) ?? [];
  }

  /** Whether a pod on any node uses the claim. */
  isUsed(claimKey: string): boolean {
    return (this.#users.get(claimKey) ?? 0) > 0;
  }

  /** A pod on a node uses its claims. */
  use({ pod }: PlacedPod): void {
    for (const key of namedClaims(pod)) this.#users.set(key, (this.#users.get(key) ?? 0) + 1);
  }

  /** A pod is on no node any more. */
  release({ pod }: PlacedPod): void {
    for (const key of namedClaims(pod)) this.#users.set(key, (this.#users.get(key) ?? 0) - 1);
  }
}

/** Keys of the claims that a pod names. */
export function namedClaims({ metadata, spec }: Pod): readonly string[] {
  return spec.volumes.flatMap(({ persistentVolumeClaim: named }) =>
    named === undefined ? [] : [`${metadata.namespace}/${named.claimName}`],
  );
}

/** The name of the claim behind a volume: the one that it names, or the one that is made for this pod. */
export function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral === undefined ? undefined : `${pod.metadata.name}-${volume.name}`;
}

/** Whether claim and volume are bound to each other for good. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return spec.volumeName !== "" && metadata.annotations[BIND_COMPLETED] !== undefined;
}

/** The class of a claim; empty: none. */
export function classOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations[BETA_CLASS] ?? spec.storageClassName ?? "";
}

/** The node for which a claim's volume is being made. */
export function selectedNodeOf({ metadata }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations[SELECTED_NODE];
}

function byName<T extends { readonly metadata: { readonly name: string } }>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}
