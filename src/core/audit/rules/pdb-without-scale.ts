import { needsScale } from "../../scheduling/budget-demand.ts";
import { budgetField, budgetObject } from "../budget.ts";
import type { AuditRule } from "../rule.ts";
import { nameOf } from "../workload.ts";

/** A budget that cannot be computed. */
export const pdbWithoutScale: AuditRule = {
  id: "pdb-without-scale",
  title: "A disruption budget that needs a scale has none",
  severity: "medium",
  breaks: "The budget cannot be computed, so that no pod it matches is ever evicted: drains hang.",
  check: ({ snapshot, workloadsByBudget }) =>
    snapshot.podDisruptionBudgets.filter(needsScale).flatMap((budget) =>
      (workloadsByBudget.get(budget) ?? [])
        .filter(({ kind }) => kind === "Pod" || kind === "DaemonSet")
        .slice(0, 1)
        .map((workload) => ({
          of: budgetObject(budget),
          message: `${nameOf(budgetObject(budget))} matches ${nameOf(workload)}, which has no scale`,
          fields: [budgetField(budget)],
        })),
    ),
  page: {
    text: `\`maxUnavailable\` and percentages need a controller with the scale subresource: Deployments, StatefulSets, ReplicaSets and
ReplicationControllers have it, single pods and DaemonSets do not. A whole number of \`minAvailable\` needs none.`,
    bad: `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
`,
  },
};
