import type { StringMap } from "../../../model/snapshot/selectors.ts";
import type { NodeState } from "../cluster-state.ts";
import { ownTerm } from "../own-terms.ts";
import { concerns, type PlacedPod } from "../placed-pod.ts";
import { type Filter, unresolvable, unschedulable } from "./filter.ts";

/** How many terms of pods hold in each domain. */
class DomainCounts {
  readonly #counts = new Map<string, number>();

  add(key: string, node: NodeState, times: number): void {
    const domain = domainOf(key, node);
    if (domain === undefined) return;
    const count = (this.#counts.get(domain) ?? 0) + times;
    if (count === 0) this.#counts.delete(domain);
    else this.#counts.set(domain, count);
  }

  /** Whether any holds in the node's domain. */
  has(key: string, node: NodeState): boolean {
    const domain = domainOf(key, node);
    return domain !== undefined && (this.#counts.get(domain) ?? 0) > 0;
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }
}

/** Nodes without the label are in no domain of it. */
function domainOf(key: string, { labels }: NodeState): string | undefined {
  const value = labels[key];
  return value === undefined ? undefined : `${key}=${value}`;
}

/**
 * Required pod affinity and anti-affinity, in both directions: pods that run already may keep others out of their domain.
 * Pods that are being deleted count. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
export const interPodAffinity: Filter = {
  name: "InterPodAffinity",
  prepare(pod, state) {
    const affinity = new DomainCounts();
    const antiAffinity = new DomainCounts();
    const keptOut = new DomainCounts();
    const keptOutKeys = new Set<string>();
    const own = {
      affinity: pod.affinityTerms.map((term) => ownTerm(term, state)),
      anti: pod.antiAffinityTerms.map((term) => ownTerm(term, state)),
    };
    const labels = state.namespaceLabels(pod.namespace);

    const count = (other: PlacedPod, node: NodeState, times: number) => {
      for (const term of other.antiAffinityTerms)
        if (concerns(term, pod, labels)) {
          keptOut.add(term.topologyKey, node, times);
          keptOutKeys.add(term.topologyKey);
        }
      // One that meets all terms counts for each of them; one that meets some, for none.
      if (own.affinity.length > 0 && own.affinity.every((term) => concerns(term, other, none)))
        for (const term of own.affinity) affinity.add(term.topologyKey, node, times);
      for (const term of own.anti) if (concerns(term, other, none)) antiAffinity.add(term.topologyKey, node, times);
    };
    for (const node of state.nodes) for (const other of node.pods) count(other, node, 1);
    if (keptOut.isEmpty && own.affinity.length + own.anti.length === 0) return undefined;

    const isFirst = () => affinity.isEmpty && own.affinity.every((term) => concerns(term, pod, none));
    return {
      check(node) {
        if (own.affinity.some(({ topologyKey }) => node.labels[topologyKey] === undefined))
          return unresolvable("node(s) didn't match pod affinity rules");
        // The first one of pods that want to be together may go anywhere.
        if (own.affinity.some(({ topologyKey }) => !affinity.has(topologyKey, node)) && !isFirst())
          return unresolvable("node(s) didn't match pod affinity rules");
        if (own.anti.some(({ topologyKey }) => antiAffinity.has(topologyKey, node)))
          return unschedulable("node(s) didn't match pod anti-affinity rules");
        for (const key of keptOutKeys)
          if (keptOut.has(key, node)) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
        return undefined;
      },
      change: count,
    };
  },
};

/** What the scheduler asks a pod's own terms with, instead of the labels of the other pod's namespace. */
const none: StringMap = {};
