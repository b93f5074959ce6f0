import type { StringMap } from "../../../model/snapshot/selectors.ts";
import { type AffinityTerm, concerns, type PlacedPod, type WeightedTerm } from "../placed-pod.ts";
import { ownTerm } from "../own-terms.ts";
import type { NodeState } from "../cluster-state.ts";
import { MOST, type Scorer } from "./scorer.ts";

/** Where pods that run already require this one's company, it is wished for as much. */
const WEIGHT_OF_REQUIRED = 1;

const none: StringMap = {};

/** Nodes in domains with pods that go well together are better: wishes of this pod, and of the pods there. */
export const interPodAffinityScore: Scorer = {
  name: "InterPodAffinity",
  weight: 2,
  score(pod, { nodes, state }) {
    const wishes = pod.preferredTerms.map(({ term, weight }) => ({ term: ownTerm(term, state), weight }));
    const labels = state.namespaceLabels(pod.namespace);
    const sums = new Map<string, number>();
    let isAboutNothing = true;
    const add = ({ term, weight }: WeightedTerm, node: NodeState, applies: boolean) => {
      const domain = domainOf(term, node);
      if (!applies || domain === undefined) return;
      sums.set(domain, (sums.get(domain) ?? 0) + weight);
      isAboutNothing = false;
    };
    for (const node of state.nodes)
      for (const other of node.pods) {
        for (const wish of wishes) add(wish, node, concerns(wish.term, other, none));
        for (const wish of wishesOf(other)) add(wish, node, concerns(wish.term, pod, labels));
      }
    if (isAboutNothing) return undefined;
    const keys = new Set([...sums.keys()].map((domain) => domain.slice(0, domain.indexOf("="))));
    const scores = nodes.map((node) =>
      [...keys].reduce((sum, key) => sum + (sums.get(`${key}=${node.labels[key] ?? ""}`) ?? 0), 0),
    );
    const [lowest, highest] = [Math.min(...scores), Math.max(...scores)];
    return scores.map((score) => (highest === lowest ? 0 : Math.trunc(MOST * ((score - lowest) / (highest - lowest)))));
  },
};

/** What a pod that runs says of others. */
function wishesOf({ affinityTerms, preferredTerms }: PlacedPod): readonly WeightedTerm[] {
  return affinityTerms.length === 0
    ? preferredTerms
    : [...affinityTerms.map((term) => ({ term, weight: WEIGHT_OF_REQUIRED })), ...preferredTerms];
}

function domainOf({ topologyKey }: AffinityTerm, { labels }: NodeState): string | undefined {
  const value = labels[topologyKey];
  return value === undefined ? undefined : `${topologyKey}=${value}`;
}
