/**
 * What a scorer of the scheduler is: it says which of the nodes that pass all filters is the better one.
 * @module
 */
import type { ClusterState, NodeState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";

/** The most that a scorer gives to a node. */
export const MOST = 100;

/** The nodes that pass all filters, and the cluster that they are in. */
export interface ScoringScene {
  readonly nodes: readonly NodeState[];
  readonly state: ClusterState;
}

/** A scorer of the scheduler. */
export interface Scorer {
  /** The name of the plugin. */
  readonly name: string;
  /** How much it counts beside the others. */
  readonly weight: number;
  /** From 0 to 100 for each of the nodes, in their order; undefined where it has nothing to say about the pod. */
  score(pod: PlacedPod, scene: ScoringScene): readonly number[] | undefined;
}

/** Stretches scores so that the highest one becomes 100. Where all are 0 they stay so. */
export function stretch(scores: readonly number[]): readonly number[] {
  const highest = Math.max(0, ...scores);
  return highest === 0 ? scores : scores.map((score) => Math.trunc((MOST * score) / highest));
}
