/**
 * Which pods a topology spread constraint counts, and on which nodes.
 * @module
 */
import type { TopologySpreadConstraint } from "../../model/snapshot/pod.ts";
import type { StringMap } from "../../model/snapshot/selectors.ts";
import type { NodeState } from "./cluster-state.ts";
import type { PlacedPod } from "./placed-pod.ts";
import { requiredNodes } from "./required-nodes.ts";
import { selectionOf, type Selection } from "./selection.ts";
import { untoleratedTaint } from "./tolerations.ts";

/** A constraint, ready to be asked. */
export interface ReadySpread {
  readonly constraint: TopologySpreadConstraint;
  readonly selection: Selection;
}

/** A constraint of a pod. */
export function readySpread(constraint: TopologySpreadConstraint, { labels }: PlacedPod): ReadySpread {
  return {
    constraint,
    selection: selectionOf(constraint.labelSelector, labelsOf(constraint.matchLabelKeys, labels)),
  };
}

function labelsOf(keys: readonly string[], labels: StringMap): StringMap {
  return Object.fromEntries(keys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}

/** Says whether a constraint counts the pods of a node, by its inclusion policies. */
export type CountingNodes = (spread: ReadySpread, node: NodeState) => boolean;

/** For all constraints of one pod. */
export function countingNodes({ pod }: PlacedPod, spreads: readonly ReadySpread[]): CountingNodes {
  const selects = spreads.some(({ constraint }) => constraint.nodeAffinityPolicy === "Honor")
    ? requiredNodes(pod)
    : () => true;
  return ({ constraint }, node) => {
    if (constraint.nodeAffinityPolicy === "Honor" && !selects(node)) return false;
    return (
      constraint.nodeTaintsPolicy === "Ignore" || untoleratedTaint(node.taints, pod.spec.tolerations) === undefined
    );
  };
}

/**
 * How many pods of a node a constraint of a pod counts. Pods that are being deleted are not counted. A selector that asks for
 * nothing counts no pod, although the pod itself counts.
 */
export function matchingPods({ selection }: ReadySpread, pod: PlacedPod, { pods }: NodeState): number {
  if (selection.isEmpty) return 0;
  let matching = 0;
  for (const { isTerminating, namespace, labels } of pods)
    if (!isTerminating && namespace === pod.namespace && selection.matches(labels)) matching += 1;
  return matching;
}

/** Whether a node is in a domain of each constraint. */
export function hasAllKeys(spreads: readonly ReadySpread[], { labels }: NodeState): boolean {
  return spreads.every(({ constraint }) => labels[constraint.topologyKey] !== undefined);
}
