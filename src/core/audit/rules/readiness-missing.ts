import type { AuditRule } from "../rule.ts";
import { isLongRunning, nameOf, podField, runningContainers, type Workload } from "../workload.ts";

/** A container that serves and never says whether it can. */
export const readinessMissing: AuditRule = {
  id: "readiness-missing",
  title: "No readiness probe",
  severity: "medium",
  breaks: "Clients are sent to pods that cannot answer yet, at each start and each roll-out.",
  check: ({ workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) =>
      runningContainers(workload)
        .filter(({ container }) => container.readinessProbe === undefined && serves(workload, container.ports.length))
        .map(({ container, path }) => ({
          of: workload,
          message: `container ${container.name} of ${nameOf(workload)} serves and has no readiness probe`,
          fields: [podField(workload, [...path, "readinessProbe"])],
        })),
    ),
  page: {
    text: `Each container is asked that serves: it names a port, or it is the only one of a pod that a Service leads to. Jobs are not
asked. A liveness probe is not asked for: a wrong one is an outage of its own. No patch: what a probe should ask, only the
application knows.`,
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
      containers: [{name: web, image: web, ports: [{containerPort: 80}], readinessProbe: {httpGet: {path: /ready, port: 80}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
`,
  },
};

/** @param ports how many the container names */
function serves({ services, template }: Workload, ports: number): boolean {
  return ports > 0 || (services.length > 0 && template.spec.containers.length === 1);
}
