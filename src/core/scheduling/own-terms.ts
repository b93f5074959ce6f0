import type { ClusterState } from "./cluster-state.ts";
import type { AffinityTerm } from "./placed-pod.ts";

/**
 * A term of a pod that is to be placed, with the names of the namespaces that are selected now. It is asked about other pods
 * without the labels of their namespaces. The selector stays in force beside the names, so that one which only asks for labels
 * not to be there (NotIn, DoesNotExist) is about all namespaces. So does 1.36.2, and 1.34.
 */
export function ownTerm(term: AffinityTerm, state: ClusterState): AffinityTerm {
  if (term.namespaceSelection.isEmpty) return term;
  const selected = state.namespacesWith((labels) => term.namespaceSelection.matches(labels));
  return { ...term, namespaces: term.namespaces.union(new Set(selected)) };
}
