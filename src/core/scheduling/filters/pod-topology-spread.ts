import type { TopologySpreadConstraint } from "../../../model/snapshot/pod.ts";
import type { ClusterState, NodeState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";
import {
  type CountingNodes,
  countingNodes,
  hasAllKeys,
  matchingPods,
  type ReadySpread,
  readySpread,
} from "../spread-counts.ts";
import { type Filter, unresolvable, unschedulable } from "./filter.ts";

const UNMET = "node(s) didn't match pod topology spread constraints";

/** A constraint that has to hold, with the pods that it counts in each domain. */
interface HardSpread extends ReadySpread {
  /** Whether the pod counts itself. */
  readonly countsSelf: boolean;
  /** A domain without any counted pod is in it with 0. */
  readonly countByDomain: Map<string, number>;
}

/**
 * The hard topology spread constraints: no domain may get further ahead of the emptiest one than maxSkew.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export const podTopologySpread: Filter = {
  name: "PodTopologySpread",
  prepare(pod, state) {
    const spreads = pod.pod.spec.topologySpreadConstraints
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule")
      .map((constraint) => hardSpread(constraint, pod));
    if (spreads.length === 0) return undefined;
    const counts = countingNodes(pod, spreads);
    countPods(spreads, { pod, state, counts });
    return {
      check: (node) => checkSpreads(spreads, node),
      change(other, node, times) {
        if (other.namespace !== pod.namespace || !hasAllKeys(spreads, node)) return;
        for (const spread of spreads)
          if (spread.selection.matches(other.labels) && counts(spread, node)) add(spread, node, times);
      },
    };
  },
};

function checkSpreads(spreads: readonly HardSpread[], node: NodeState) {
  for (const { constraint, countsSelf, countByDomain } of spreads) {
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined) return unresolvable(`${UNMET} (missing required label)`);
    const lowest = countByDomain.size < constraint.minDomains ? 0 : Math.min(...countByDomain.values());
    const here = (countByDomain.get(domain) ?? 0) + (countsSelf ? 1 : 0);
    if (here - lowest > constraint.maxSkew) return unschedulable(UNMET);
  }
  return undefined;
}

function hardSpread(constraint: TopologySpreadConstraint, pod: PlacedPod): HardSpread {
  const spread = readySpread(constraint, pod);
  return { ...spread, countsSelf: spread.selection.matches(pod.labels), countByDomain: new Map() };
}

interface Counting {
  readonly pod: PlacedPod;
  readonly state: ClusterState;
  readonly counts: CountingNodes;
}

/** Only nodes that have the keys of all constraints count for any of them. */
function countPods(spreads: readonly HardSpread[], { pod, state, counts }: Counting): void {
  for (const node of state.nodes) {
    if (!hasAllKeys(spreads, node)) continue;
    for (const spread of spreads) if (counts(spread, node)) add(spread, node, matchingPods(spread, pod, node));
  }
}

function add({ constraint, countByDomain }: HardSpread, node: NodeState, pods: number): void {
  const domain = node.labels[constraint.topologyKey] ?? "";
  countByDomain.set(domain, (countByDomain.get(domain) ?? 0) + pods);
}
