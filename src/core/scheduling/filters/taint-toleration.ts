import { untoleratedTaint } from "../tolerations.ts";
import { type Filter, unresolvable } from "./filter.ts";

/** Pods stay off nodes with a taint that they do not tolerate. */
export const taintToleration: Filter = {
  name: "TaintToleration",
  prepare: ({ pod }) => ({
    check: ({ taints }) =>
      untoleratedTaint(taints, pod.spec.tolerations) === undefined
        ? undefined
        : unresolvable("node(s) had untolerated taint(s)"),
  }),
};
