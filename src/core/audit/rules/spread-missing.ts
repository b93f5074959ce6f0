import type { AuditRule } from "../rule.ts";
import { spreadGrade } from "../spreading.ts";
import { isReplicated, nameOf, podField } from "../workload.ts";

/** Replicas that may all be in one place. */
export const spreadMissing: AuditRule = {
  id: "spread-missing",
  title: "Nothing keeps replicas apart",
  severity: "medium",
  breaks: "All replicas may run on one node or in one zone, whose loss stops them together.",
  check: ({ workloads }) =>
    workloads
      .filter((workload) => isReplicated(workload) && workload.replicas.count >= 2)
      .flatMap((workload) => {
        const grade = spreadGrade(workload);
        if (grade === "hard") return [];
        const fields = [podField(workload, ["topologySpreadConstraints"])];
        return grade === "absent"
          ? [{ of: workload, message: `nothing in ${nameOf(workload)} keeps its pods apart`, fields }]
          : [
              {
                of: workload,
                severity: "info",
                message: `${nameOf(workload)} keeps its pods apart only as long as there is room (soft)`,
                fields,
              },
            ];
      }),
  page: {
    text: `Graded: absent is medium, soft (\`ScheduleAnyway\`, preferred anti-affinity) is info, hard is not reported. A constraint counts
if it counts the pod itself and its key is the host, the zone or the region. The scheduler's own defaults are soft and weak (skew 3
over hosts, 5 over zones), so they do not count. Hard is not always better: see [spread-blocks-replacement](spread-blocks-replacement.md).`,
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
    spec:
      containers: [{name: web, image: web}]
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
`,
  },
};
