import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf, podField, runningContainers } from "../workload.ts";

/** A serving pod that neither waits before it ends nor has time to. */
export const abruptShutdown: AuditRule = {
  id: "abrupt-shutdown",
  title: "Pods end while clients are still sent to them",
  severity: "low",
  breaks: "At each roll-out and drain requests fail, for the second or so until all nodes know that the pod is gone.",
  check: ({ workloads }) =>
    workloads
      .filter((workload) => isReplicated(workload) && workload.services.length > 0)
      .flatMap((workload) => {
        const { terminationGracePeriodSeconds: grace } = workload.template.spec;
        const serving = runningContainers(workload).filter(({ container }) => container.ports.length > 0);
        return serving.flatMap(({ container, path }) => {
          const sleep = container.lifecycle?.preStop?.sleep?.seconds;
          if (sleep !== undefined && sleep < grace) return [];
          if (sleep === undefined && container.lifecycle?.preStop !== undefined && grace > 0) return [];
          const field =
            sleep === undefined
              ? podField(workload, [...path, "lifecycle", "preStop"])
              : podField(workload, ["terminationGracePeriodSeconds"], grace);
          const isTooShort = sleep !== undefined || grace < 2;
          return [
            {
              of: workload,
              severity: isTooShort ? ("medium" as const) : ("low" as const),
              message: isTooShort
                ? `container ${container.name} of ${nameOf(workload)} is killed after ${grace} s, before traffic has stopped`
                : `container ${container.name} of ${nameOf(workload)} gets its signal while traffic still comes in (no preStop)`,
              fields: [field],
            },
          ];
        });
      }),
  page: {
    text: `Asked are containers with a port, behind a Service. A \`preStop\` hook of any kind will do, as long as it is shorter than the
grace period. An application that goes on serving after SIGTERM needs none: exempt it, with that reason.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{name: web, image: web, ports: [{containerPort: 80}], lifecycle: {preStop: {sleep: {seconds: 5}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
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
      containers: [{name: web, image: web, ports: [{containerPort: 80}], lifecycle: {preStop: {sleep: {seconds: 5}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
`,
  },
};
