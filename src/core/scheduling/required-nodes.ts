import type { Pod } from "../../model/snapshot/pod.ts";
import { nodeSelectionOf, type NodeSelection } from "./selection.ts";

/** The nodes that a pod's node selector and required node affinity select, both. */
export function requiredNodes({ spec }: Pod): NodeSelection {
  const labels = Object.entries(spec.nodeSelector);
  const required = spec.affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const affinity = required === undefined ? undefined : nodeSelectionOf(required);
  return (node) =>
    labels.every(([key, value]) => node.labels[key] === value) && (affinity === undefined || affinity(node));
}
