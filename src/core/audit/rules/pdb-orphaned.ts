import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { PodDisruptionBudget } from "../../../model/snapshot/disruption-budget.ts";
import { selectionOf } from "../../scheduling/selection.ts";
import { budgetObject } from "../budget.ts";
import type { AuditRule } from "../rule.ts";
import { nameOf } from "../workload.ts";

/** Labels that operators put on the pods that they make, of which no manifest has the template. */
const OPERATOR_LABELS = new Set([
  "app.kubernetes.io/managed-by",
  "alertmanager",
  "prometheus",
  "cluster-name",
  "cnpg.io/cluster",
  "strimzi.io/cluster",
  "application",
]);

/** A budget that protects nothing. */
export const pdbOrphaned: AuditRule = {
  id: "pdb-orphaned",
  title: "A disruption budget matches no pod",
  severity: "low",
  breaks: "What it was made for has no protection from drains, though it looks as if it had.",
  check: ({ snapshot, workloads }) => {
    const used = new Set(workloads.flatMap(({ budgets }) => budgets));
    return snapshot.podDisruptionBudgets
      .filter((budget) => !used.has(budget) && !matchesAPod(budget, snapshot) && !isForOperator(budget))
      .map((budget) => {
        const of = budgetObject(budget);
        const { selector } = budget.spec;
        return {
          of,
          message: `${nameOf(of)} matches no pod of any workload`,
          fields: [{ of, path: ["spec", "selector"], ...(selector === undefined ? {} : { value: selector }) }],
        };
      });
  },
  page: {
    text: `Not reported where the selector asks for labels that operators put on the pods they make, such as
\`app.kubernetes.io/managed-by\` or \`prometheus\`: no manifest has those pods. In a live snapshot pods count as well.`,
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
  selector: {matchLabels: {app: wbe}}
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
metadata: {name: prometheus-k8s, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {prometheus: k8s, app.kubernetes.io/name: prometheus}}
`,
  },
};

function matchesAPod({ metadata, spec }: PodDisruptionBudget, { pods }: ClusterSnapshot): boolean {
  const selection = selectionOf(spec.selector);
  return pods.some((pod) => pod.metadata.namespace === metadata.namespace && selection.matches(pod.metadata.labels));
}

function isForOperator({ spec: { selector } }: PodDisruptionBudget): boolean {
  const keys = [
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map(({ key }) => key),
  ];
  return keys.some((key) => OPERATOR_LABELS.has(key));
}
