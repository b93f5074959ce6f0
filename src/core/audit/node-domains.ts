/**
 * Nodes and the failure domains that they are in.
 * @module
 */
import type { Node } from "../../model/snapshot/node.ts";
import { requiredNodes } from "../scheduling/required-nodes.ts";
import { untoleratedTaint } from "../scheduling/tolerations.ts";
import { podOf, type Workload } from "./workload.ts";

/** The label of a node's zone. */
export const ZONE_LABEL = "topology.kubernetes.io/zone";

/** The label of a node's own name. */
export const HOST_LABEL = "kubernetes.io/hostname";

/** Labels by which providers and Karpenter name the pool that a node belongs to. */
const POOL_LABELS = [
  "karpenter.sh/nodepool",
  "eks.amazonaws.com/nodegroup",
  "cloud.google.com/gke-nodepool",
  "kubernetes.azure.com/agentpool",
  "node.kubernetes.io/pool",
];

/** Zone of a node; undefined where it has no label. */
export function zoneOf({ metadata }: Node): string | undefined {
  return metadata.labels[ZONE_LABEL];
}

/** Pool of a node with the label that names it. */
export function poolOf({ metadata }: Node): { readonly label: string; readonly pool: string } | undefined {
  const label = POOL_LABELS.find((key) => metadata.labels[key] !== undefined);
  return label === undefined ? undefined : { label, pool: metadata.labels[label] ?? "" };
}

/** Nodes that the workload's pods may be on, by selectors, affinity and taints, as long as nodes are not cordoned. */
export function eligibleNodes(workload: Workload, nodes: readonly Node[]): readonly Node[] {
  const selects = requiredNodes(podOf(workload));
  return nodes.filter(
    ({ metadata, spec }) =>
      !spec.unschedulable &&
      selects({ name: metadata.name, labels: metadata.labels }) &&
      untoleratedTaint(spec.taints, workload.template.spec.tolerations) === undefined,
  );
}

/** The values of a label that nodes have, in order. */
export function domainsOf(key: string, nodes: readonly Node[]): readonly string[] {
  const values = nodes.map(({ metadata }) => metadata.labels[key]).filter((value) => value !== undefined);
  return [...new Set(values)].toSorted();
}
