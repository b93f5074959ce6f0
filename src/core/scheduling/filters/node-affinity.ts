import type { NodeSelectorTerm } from "../../../model/snapshot/selectors.ts";
import { requiredNodes } from "../required-nodes.ts";
import { type Filter, type Refusal, unresolvable } from "./filter.ts";

/** Pods run on nodes that their node selector and required node affinity select, both. */
export const nodeAffinity: Filter = {
  name: "NodeAffinity",
  prepare({ pod }) {
    const { nodeSelector, affinity } = pod.spec;
    const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (required === undefined && Object.keys(nodeSelector).length === 0) return undefined;
    const selects = requiredNodes(pod);
    const names = required === undefined ? undefined : namedNodes(required.nodeSelectorTerms);
    if (names?.size === 0) return { refusal: "pod affinity terms conflict" } satisfies Refusal;
    return {
      check: (node) => (selects(node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector")),
      ...(names === undefined ? {} : { onlyNodes: names }),
    };
  },
};

/** The nodes that the terms name, when each of them names some. A term that names two at once names none. */
function namedNodes(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const named = matchFields
      .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
      .map(({ values = [] }) => new Set(values));
    if (named.length === 0) return undefined;
    for (const name of named.reduce((both, more) => both.intersection(more))) names.add(name);
  }
  return terms.length === 0 ? undefined : names;
}
