import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf } from "../workload.ts";

/** A workload of which one pod is all that can be counted on. */
export const singleReplica: AuditRule = {
  id: "single-replica",
  title: "One replica",
  severity: "high",
  breaks: "The loss or the drain of one node stops it until another pod has started, minutes later.",
  check: ({ workloads }) =>
    workloads
      .filter((workload) => (isReplicated(workload) || workload.kind === "Pod") && workload.replicas.count === 1)
      .map((workload) => ({
        of: workload,
        message:
          workload.kind === "Pod"
            ? `${nameOf(workload)} is a pod that no controller replaces`
            : `${nameOf(workload)} can count on one replica (${workload.replicas.because})`,
        fields: [workload.replicas.field],
        prove: { workload, domain: "node" },
      })),
  page: {
    text: `Counted are effective replicas: the least that an autoscaler keeps (\`minReplicas\` of an HorizontalPodAutoscaler, 1 where
it is absent; \`minReplicaCount\` of a ScaledObject, 0 where it is absent; or \`idleReplicaCount\` below it), else the pods that are
observed, else \`replicas\`, 1 where it is absent. \`replicas: 0\` switches an HorizontalPodAutoscaler off, and is not reported. How
many replicas are right is not for an audit to say, so there is no patch: see what \`tandem simulate\` makes of two.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
`,
  },
};
