/**
 * What keeps the pods of a workload apart.
 * @module
 */
import type { PodAffinityTerm, TopologySpreadConstraint } from "../../model/snapshot/pod.ts";
import { selectionOf } from "../scheduling/selection.ts";
import { HOST_LABEL, ZONE_LABEL } from "./node-domains.ts";
import type { Workload } from "./workload.ts";

/** How strictly: `soft` gives way when there is no room. */
export type SpreadGrade = "absent" | "soft" | "hard";

const FAILURE_DOMAINS: ReadonlySet<string> = new Set([HOST_LABEL, ZONE_LABEL, "topology.kubernetes.io/region"]);

/** The strictest of a workload's constraints and anti-affinity terms that keep its own pods apart, by node, zone or region. */
export function spreadGrade(workload: Workload): SpreadGrade {
  const { topologySpreadConstraints, affinity } = workload.template.spec;
  const spreads = topologySpreadConstraints.filter(
    (constraint) => FAILURE_DOMAINS.has(constraint.topologyKey) && countsItself(constraint, workload),
  );
  const required = requiredApart(workload);
  const preferred = (affinity.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(
    ({ podAffinityTerm }) => keepsApart(podAffinityTerm, workload),
  );
  if (required.length > 0 || spreads.some(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule"))
    return "hard";
  return spreads.length + preferred.length > 0 ? "soft" : "absent";
}

/** Required anti-affinity terms that keep the workload's own pods apart. */
export function requiredApart(workload: Workload): readonly PodAffinityTerm[] {
  const terms = workload.template.spec.affinity.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.filter((term) => keepsApart(term, workload));
}

/** Whether a constraint counts the pods that it stands in. An empty selector counts none, an absent one neither. */
export function countsItself({ labelSelector }: TopologySpreadConstraint, { template }: Workload): boolean {
  const selection = selectionOf(labelSelector);
  return !selection.isEmpty && selection.matches(template.metadata.labels);
}

function keepsApart(
  { labelSelector, topologyKey, namespaces, namespaceSelector }: PodAffinityTerm,
  workload: Workload,
): boolean {
  const reaches = namespaces.length === 0 || namespaces.includes(workload.namespace) || namespaceSelector !== undefined;
  return (
    FAILURE_DOMAINS.has(topologyKey) && reaches && selectionOf(labelSelector).matches(workload.template.metadata.labels)
  );
}
