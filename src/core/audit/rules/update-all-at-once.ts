import { mayBeUnavailable } from "../rollout.ts";
import type { AuditRule } from "../rule.ts";
import type { Deployment } from "../../../model/snapshot/workload.ts";
import { isReplicated, nameOf } from "../workload.ts";

/** A Deployment of which a roll-out leaves nothing. */
export const updateAllAtOnce: AuditRule = {
  id: "update-all-at-once",
  title: "A roll-out stops all pods at once",
  severity: "high",
  breaks: "Every roll-out is an outage, and a bad version lasts until it has been rolled back.",
  check: ({ workloads }) =>
    workloads
      .filter(
        (workload) =>
          isReplicated(workload) &&
          workload.kind === "Deployment" &&
          "spec" in workload.object &&
          workload.replicas.count > 0,
      )
      .flatMap((workload) => {
        const { spec } = workload.object as Deployment;
        const { strategy } = spec;
        if (strategy.type === "Recreate")
          return [
            {
              of: workload,
              message: `${nameOf(workload)} ends all pods before it starts new ones`,
              severity: workload.replicas.count > 1 ? ("high" as const) : ("medium" as const),
              fields: [{ of: workload, path: ["spec", "strategy", "type"], value: "Recreate" }],
            },
          ];
        const { maxUnavailable } = strategy.rollingUpdate;
        if (mayBeUnavailable(spec, workload.replicas.count) < workload.replicas.count) return [];
        return [
          {
            of: workload,
            message: `a roll-out of ${nameOf(workload)} may have all ${workload.replicas.count} pods unavailable`,
            fields: [
              { of: workload, path: ["spec", "strategy", "rollingUpdate", "maxUnavailable"], value: maxUnavailable },
              workload.replicas.field,
            ],
          },
        ];
      }),
  page: {
    text: `\`Recreate\`, and a \`maxUnavailable\` of a RollingUpdate that allows all effective replicas, rounded down as the controller does.
With one replica and a volume that only one node can use, \`Recreate\` is the right choice: exempt it, with that reason.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
`,
  },
};
