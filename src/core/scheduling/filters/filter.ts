/**
 * What a filter of the scheduler is. One file each; `index.ts` has their order.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/
 * @module
 */
import type { ClusterState, NodeState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";

/** Why a pod cannot run on a node. */
export interface Rejection {
  /** In the words of kube-scheduler, as it counts them in `0/3 nodes are available: ...`. */
  readonly reasons: readonly string[];
  /** Whether it could be another matter without some of the pods there. */
  readonly canPreempt: boolean;
}

/** Why a pod can run nowhere, which was found without a look at the nodes. Preemption is not tried. */
export interface Refusal {
  readonly refusal: string;
}

/** A filter that has looked at one pod. Its counts follow pods that come and go, as long as it is told of each. */
export interface PreparedFilter {
  /** Undefined where the pod may run. */
  check(node: NodeState): Rejection | undefined;
  /** A pod was placed on the node (1) or removed from it (-1) since. */
  change?(pod: PlacedPod, node: NodeState, times: 1 | -1): void;
  /** The only nodes that come into question, by name; the others are not checked. */
  readonly onlyNodes?: ReadonlySet<string>;
}

/** A filter of the scheduler. */
export interface Filter {
  /** The name of the plugin. */
  readonly name: string;
  /** Undefined where it has nothing to say about the pod. */
  prepare(pod: PlacedPod, state: ClusterState): PreparedFilter | Refusal | undefined;
}

/** A rejection that only another node, or a change of this one, can help. */
export function unresolvable(...reasons: readonly string[]): Rejection {
  return { reasons, canPreempt: false };
}

/** A rejection that some of the node's pods may be to blame for. */
export function unschedulable(...reasons: readonly string[]): Rejection {
  return { reasons, canPreempt: true };
}
