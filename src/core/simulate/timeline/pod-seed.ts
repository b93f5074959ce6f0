/**
 * The pods of a snapshot with what a simulation asks of them again and again, worked out once for all runs.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { Pod } from "../../../model/snapshot/pod.ts";
import { hasEnded } from "../../scheduling/cluster-state.ts";
import { type PlacedPod, placedPod } from "../../scheduling/placed-pod.ts";
import { serviceSelection } from "../../scheduling/selection.ts";
import { claimNameOf, StorageIndex } from "../../scheduling/storage-index.ts";

/** Whose pod it is. */
export interface PodOwner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A pod as the snapshot has it. */
export interface PodSeed {
  readonly form: PlacedPod;
  readonly owner: PodOwner | undefined;
  /** `<kind> <namespace>/<name>` of its controller, or of itself where it has none. */
  readonly workload: string;
  readonly isReady: boolean;
  /** The same for pods that filters cannot tell apart, whatever their names. */
  readonly likeness: number;
  /** Positions of the Services that select it. */
  readonly services: readonly number[];
  /** What is attached to one node at a time: names of volumes. */
  readonly exclusiveVolumes: readonly string[];
}

/** All pods that have not ended, by key: the order of the snapshot decides nothing. */
export function podSeeds(snapshot: ClusterSnapshot): readonly PodSeed[] {
  const select = serviceSelector(snapshot);
  const volumesOf = exclusiveVolumes(snapshot);
  const likenesses = new Map<string, number>();
  const likenessOf = (pod: Pod): number => {
    const text = likenessText(pod);
    const known = likenesses.get(text) ?? likenesses.size;
    likenesses.set(text, known);
    return known;
  };
  return snapshot.pods
    .filter((pod) => !hasEnded(pod))
    .map((pod) => podSeed(pod, { select, volumesOf, likenessOf }))
    .toSorted((one, other) => (one.form.key < other.form.key ? -1 : 1));
}

interface SeedScene {
  readonly select: (pod: Pod) => readonly number[];
  readonly volumesOf: (pod: Pod) => readonly string[];
  readonly likenessOf: (pod: Pod) => number;
}

function podSeed(pod: Pod, { select, volumesOf, likenessOf }: SeedScene): PodSeed {
  const owner = pod.metadata.ownerReferences.find(({ controller }) => controller);
  const { namespace, name } = pod.metadata;
  return {
    form: placedPod(pod),
    owner,
    workload: owner === undefined ? `Pod ${namespace}/${name}` : `${owner.kind} ${namespace}/${owner.name}`,
    isReady: isPodReady(pod),
    likeness: likenessOf(pod),
    services: select(pod),
    exclusiveVolumes: volumesOf(pod),
  };
}

/**
 * All of a pod that filters look at but its node. Pods of one ReplicaSet can differ: admission and resizes change single ones.
 * The claims of ephemeral volumes have the name of their pod.
 */
function likenessText({ metadata, spec, status }: Pod): string {
  const { namespace, labels, ownerReferences } = metadata;
  const isNamed = spec.volumes.some(({ ephemeral }) => ephemeral !== undefined);
  const { resources, allocatedResources } = status;
  return JSON.stringify([
    namespace,
    labels,
    ownerReferences,
    { ...spec, nodeName: "" },
    resources,
    allocatedResources,
    isNamed ? metadata.name : "",
  ]);
}

/** By its Ready condition; a pod of a file that has none is ready where it has a node. */
function isPodReady({ metadata, spec, status }: Pod): boolean {
  if (spec.nodeName === "" || metadata.deletionTimestamp !== undefined) return false;
  const ready = status.conditions.find(({ type }) => type === "Ready");
  return ready === undefined || ready.status === "True";
}

/** Positions of the Services that select a pod. */
function serviceSelector({ services }: ClusterSnapshot): (pod: Pod) => readonly number[] {
  const byNamespace = Map.groupBy(
    services.map((service, index) => ({ index, ...service.metadata, selection: serviceSelection(service) })),
    ({ namespace }) => namespace,
  );
  return ({ metadata }) =>
    (byNamespace.get(metadata.namespace) ?? [])
      .filter(({ selection }) => selection.matches(metadata.labels))
      .map(({ index }) => index);
}

/** Claims that cannot be attached to two nodes: neither their volume nor, where it is not known, they say ReadWriteMany. */
function exclusiveVolumes(snapshot: ClusterSnapshot): (pod: Pod) => readonly string[] {
  const { claims, volumes } = new StorageIndex(snapshot);
  return (pod) =>
    pod.spec.volumes.flatMap((volume) => {
      const name = claimNameOf(pod, volume);
      const claim = name === undefined ? undefined : claims.get(`${pod.metadata.namespace}/${name}`);
      if (claim === undefined || claim.spec.volumeName === "") return [];
      const bound = volumes.get(claim.spec.volumeName);
      // Volumes without a driver, such as local ones, are not attached.
      if (bound !== undefined && bound.spec.csi === undefined) return [];
      const modes = (bound ?? claim).spec.accessModes;
      return modes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany") ? [] : [claim.spec.volumeName];
    });
}
