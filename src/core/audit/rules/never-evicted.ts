import type { AuditRule } from "../rule.ts";
import { tolerates } from "../../scheduling/tolerations.ts";
import { isReplicated, nameOf, podField } from "../workload.ts";

/** Pods that tolerate a lost node without limit. */
export const neverEvicted: AuditRule = {
  id: "never-evicted",
  title: "Stays on a lost node for ever",
  severity: "high",
  breaks: "After the loss of its node nobody takes the pod away, so nobody replaces it.",
  check: ({ workloads }) =>
    workloads.filter(isReplicated).flatMap((workload) =>
      workload.template.spec.tolerations.flatMap((toleration, index) => {
        const isEndless = toleration.tolerationSeconds === undefined && tolerates(toleration, UNREACHABLE);
        if (!isEndless) return [];
        return [
          {
            of: workload,
            message: `${nameOf(workload)} tolerates unreachable nodes without a limit`,
            fields: [podField(workload, ["tolerations", index], toleration)],
          },
        ];
      }),
    ),
  page: {
    text: `A toleration of NoExecute that covers \`node.kubernetes.io/unreachable\` and has no \`tolerationSeconds\`; one without key and
effect is such a toleration, too. DaemonSets have it by design and are not reported.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      tolerations: [{operator: Exists}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]
`,
  },
};

const UNREACHABLE = { key: "node.kubernetes.io/unreachable", value: "", effect: "NoExecute" };
