import type { Taint } from "../../../model/snapshot/node.ts";
import { tolerates } from "../tolerations.ts";
import { MOST, type Scorer, stretch } from "./scorer.ts";

/** Nodes with fewer `PreferNoSchedule` taints that the pod does not tolerate are better. */
export const taintTolerationScore: Scorer = {
  name: "TaintToleration",
  weight: 3,
  score({ pod }, { nodes }) {
    const isUnwelcome = (taint: Taint) =>
      taint.effect === "PreferNoSchedule" && !pod.spec.tolerations.some((toleration) => tolerates(toleration, taint));
    const counts = nodes.map(({ taints }) => taints.filter(isUnwelcome).length);
    return stretch(counts).map((score) => MOST - score);
  },
};
