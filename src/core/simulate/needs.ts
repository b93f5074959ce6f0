import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Pod } from "../../model/snapshot/pod.ts";
import type { Service } from "../../model/snapshot/workload.ts";
import { desiredHealthy } from "../scheduling/budget-demand.ts";
import { selectionOf } from "../scheduling/selection.ts";

/** An annotation of a Service: how many replicas it needs to do its work. */
export const NEEDS_ANNOTATION = "tandem.dev/needs";

/** How many pods a Service needs, and who says so. */
export interface Needs {
  readonly pods: number;
  readonly because: "annotation" | "disruption budget" | "quorum" | "one is enough";
}

/** By the annotation, else the disruption budget of its pods, else the quorum of their StatefulSet, else 1. */
export function needsOf({ metadata }: Service, pods: readonly Pod[], snapshot: ClusterSnapshot): Needs {
  const annotated = Number(metadata.annotations[NEEDS_ANNOTATION]);
  if (Number.isInteger(annotated) && annotated > 0) return { pods: annotated, because: "annotation" };
  const budgeted = byBudget(pods, snapshot);
  if (budgeted !== undefined) return { pods: budgeted, because: "disruption budget" };
  const members = pods.filter(({ metadata: { ownerReferences } }) =>
    ownerReferences.some(({ kind, controller }) => controller && kind === "StatefulSet"),
  ).length;
  if (members >= 3) return { pods: Math.floor(members / 2) + 1, because: "quorum" };
  return { pods: 1, because: "one is enough" };
}

/** The strictest budget that selects the pods. */
function byBudget(pods: readonly Pod[], { podDisruptionBudgets }: ClusterSnapshot): number | undefined {
  const [first] = pods;
  if (first === undefined) return undefined;
  const demands = podDisruptionBudgets
    .filter(
      ({ metadata, spec }) =>
        metadata.namespace === first.metadata.namespace && selectionOf(spec.selector).matches(first.metadata.labels),
    )
    .map((budget) => desiredHealthy(budget, pods.length));
  const most = Math.max(0, ...demands);
  return most === 0 ? undefined : Math.min(most, pods.length);
}
