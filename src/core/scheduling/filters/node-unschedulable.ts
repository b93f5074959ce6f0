import { tolerates } from "../tolerations.ts";
import { type Filter, unresolvable } from "./filter.ts";

/** What cordoning a node comes to as a taint. */
const CORDON = { key: "node.kubernetes.io/unschedulable", value: "", effect: "NoSchedule" };

/** Cordoned nodes take no pods but those that tolerate that. */
export const nodeUnschedulable: Filter = {
  name: "NodeUnschedulable",
  prepare({ pod }) {
    if (pod.spec.tolerations.some((toleration) => tolerates(toleration, CORDON))) return undefined;
    return { check: ({ node }) => (node.spec.unschedulable ? unresolvable("node(s) were unschedulable") : undefined) };
  },
};
