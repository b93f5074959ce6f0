import { termSelection } from "../selection.ts";
import { type Scorer, stretch } from "./scorer.ts";

/** Nodes that more of the pod's preferred terms select are better, by the weight of the terms. */
export const nodeAffinityScore: Scorer = {
  name: "NodeAffinity",
  weight: 2,
  score({ pod }, { nodes }) {
    const preferred = pod.spec.affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const terms = preferred.map(({ weight, preference }) => ({ weight, selects: termSelection(preference) }));
    return stretch(
      nodes.map((node) => terms.reduce((sum, { weight, selects }) => sum + (selects(node) ? weight : 0), 0)),
    );
  },
};
