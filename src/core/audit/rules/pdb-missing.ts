import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf, type Workload } from "../workload.ts";

/** Replicas that a drain may take away all at once. */
export const pdbMissing: AuditRule = {
  id: "pdb-missing",
  title: "No disruption budget",
  severity: "medium",
  breaks: "Draining several nodes at once, as an upgrade does, may evict all replicas together.",
  check: ({ workloads }) =>
    workloads
      .filter((workload) => isReplicated(workload) && workload.replicas.count >= 2 && workload.budgets.length === 0)
      .map((workload) => ({
        of: workload,
        message: `${nameOf(workload)} has ${workload.replicas.count} replicas and no PodDisruptionBudget`,
        fields: [workload.replicas.field],
        ...(workload.selector === undefined ? {} : { fix: { kind: "new-object", manifest: budgetFor(workload) } }),
      })),
  page: {
    text: `Only with at least two effective replicas: a budget on one replica blocks every drain. Not for Jobs, DaemonSets and static
pods, which drains leave alone. The labels of the pod decide, as in the API, with the whole selector in the same namespace; a budget
without a selector matches nothing, one with \`{}\` everything. Taints, lost nodes and roll-outs do not ask budgets.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
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

/** One at a time: what any number of replicas of two or more can do. */
function budgetFor({ namespace, name, selector }: Workload): object {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { maxUnavailable: 1, selector },
  };
}
