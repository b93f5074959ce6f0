import { budgetField } from "../budget.ts";
import type { AuditRule } from "../rule.ts";
import { nameOf } from "../workload.ts";

/** A pod with two budgets. */
export const pdbOverlap: AuditRule = {
  id: "pdb-overlap",
  title: "Two disruption budgets on one pod",
  severity: "high",
  breaks: "Evictions of its pods are answered with 500: no node that runs one can be drained.",
  check: ({ workloads }) =>
    workloads
      .filter(({ budgets }) => budgets.length > 1)
      .map((workload) => ({
        of: workload,
        message: `pods of ${nameOf(workload)} match ${workload.budgets.length} PodDisruptionBudgets: ${workload.budgets.map(({ metadata }) => metadata.name).join(", ")}`,
        fields: workload.budgets.map(budgetField),
      })),
  page: {
    text: `The eviction API refuses a pod that more than one budget selects, with 500 and not with 429, whatever the budgets allow.`,
    bad: `apiVersion: apps/v1
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
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: all, namespace: shop}
spec: {maxUnavailable: 1, selector: {}}
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
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: api}}
`,
  },
};
