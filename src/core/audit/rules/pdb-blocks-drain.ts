import { desiredHealthy } from "../../scheduling/budget-demand.ts";
import { budgetField, budgetObject } from "../budget.ts";
import type { AuditRule } from "../rule.ts";
import { isLongRunning, nameOf } from "../workload.ts";

/** A budget that never lets a pod go. */
export const pdbBlocksDrain: AuditRule = {
  id: "pdb-blocks-drain",
  title: "A disruption budget blocks every drain",
  severity: "high",
  breaks:
    "No node that runs one of its pods can be drained: upgrades hang, or are forced and take pods without any care.",
  check: ({ snapshot, workloadsByBudget }) =>
    snapshot.podDisruptionBudgets.flatMap((budget) => {
      const matched = (workloadsByBudget.get(budget) ?? []).filter(isLongRunning);
      const expected = matched.reduce((sum, { replicas }) => sum + replicas.count, 0);
      const desired = desiredHealthy(budget, expected);
      if (expected === 0 || desired < expected) return [];
      const of = budgetObject(budget);
      const canMove = matched.every(
        ({ kind, replicas }) => kind !== "Pod" && kind !== "DaemonSet" && replicas.count >= 2,
      );
      return [
        {
          of,
          message: `${nameOf(of)} wants ${desired} healthy of ${expected} pods: no eviction is ever allowed`,
          fields: [budgetField(budget), ...matched.slice(0, 3).map(({ replicas }) => replicas.field)],
          ...(canMove
            ? { fix: { kind: "merge-patch", of, patch: { spec: { minAvailable: null, maxUnavailable: 1 } } } }
            : {}),
        },
      ];
    }),
  page: {
    text: `Compared are the pods that have to stay healthy with the effective replicas. Both percentages round up: \`maxUnavailable:
1%\` allows one, \`minAvailable: 51%\` of two wants both. A budget on one replica is reported, too: it blocks as well. Under
\`unhealthyPodEvictionPolicy: IfHealthyBudget\`, the default, such a budget also keeps pods that are not healthy.`,
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
  minAvailable: 3
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
  maxUnavailable: 1%
  selector: {matchLabels: {app: web}}
`,
  },
};
