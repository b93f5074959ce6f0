/**
 * Which pods belong together: those of one Service, and those of one workload.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { LabelSelector, StringMap } from "../../model/snapshot/selectors.ts";
import type { PlacedPod } from "./placed-pod.ts";
import { selectionOf, type Selection } from "./selection.ts";

/** Selectors of Services and workloads, by where they are. */
export class PodOwners {
  readonly #services: ReadonlyMap<string, readonly StringMap[]>;
  readonly #workloads: ReadonlyMap<string, LabelSelector>;

  constructor({ services, replicaSets, replicationControllers, statefulSets }: ClusterSnapshot) {
    this.#services = new Map(
      [...Map.groupBy(services, ({ metadata }) => metadata.namespace)].map(([namespace, all]) => [
        namespace,
        all.map(({ spec }) => spec.selector).filter((selector) => Object.keys(selector).length > 0),
      ]),
    );
    const named = (kind: string, workloads: readonly SelectingWorkload[]) =>
      workloads.map(({ metadata, spec }) => [keyOf(kind, metadata), spec.selector] as const);
    this.#workloads = new Map([
      ...named("ReplicaSet", replicaSets),
      ...named("StatefulSet", statefulSets),
      ...replicationControllers.map(
        ({ metadata, spec }) => [keyOf("ReplicationController", metadata), { matchLabels: spec.selector }] as const,
      ),
    ]);
  }

  /** The pods that a pod is spread among where it says nothing of that itself. Empty: it belongs to nothing. */
  selectionOf({ pod, namespace, labels }: PlacedPod): Selection {
    const services = (this.#services.get(namespace) ?? []).filter((selector) =>
      Object.entries(selector).every(([key, value]) => labels[key] === value),
    );
    const ofServices: StringMap = Object.assign({}, ...services);
    const owner = pod.metadata.ownerReferences.find(({ controller }) => controller);
    const ofWorkload =
      owner === undefined ? undefined : this.#workloads.get(keyOf(owner.kind, { namespace, name: owner.name }));
    return selectionOf(ofWorkload ?? {}, ofServices);
  }
}

interface SelectingWorkload {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: { readonly selector: LabelSelector };
}

function keyOf(kind: string, { namespace, name }: SelectingWorkload["metadata"]): string {
  return `${kind} ${namespace}/${name}`;
}
