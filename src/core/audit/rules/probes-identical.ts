import type { AuditRule } from "../rule.ts";
import type { Probe } from "../../../model/snapshot/pod.ts";
import { isLongRunning, nameOf, podField, runningContainers } from "../workload.ts";

/** A container that is killed as soon as it is busy. */
export const probesIdentical: AuditRule = {
  id: "probes-identical",
  title: "Liveness and readiness ask the same",
  severity: "medium",
  breaks:
    "Under load all pods fail both probes and are restarted together, instead of being left alone until they can answer.",
  check: ({ workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) =>
      runningContainers(workload).flatMap(({ container, path }) => {
        const { livenessProbe, readinessProbe } = container;
        if (livenessProbe === undefined || readinessProbe === undefined) return [];
        if (question(livenessProbe) !== question(readinessProbe)) return [];
        if (patience(livenessProbe) > patience(readinessProbe)) return [];
        return [
          {
            of: workload,
            message: `container ${container.name} of ${nameOf(workload)} is restarted for what should only take it out of service`,
            fields: [podField(workload, [...path, "livenessProbe"], livenessProbe)],
          },
        ];
      }),
    ),
  page: {
    text: `Reported if both ask the same question and liveness is not more patient (period x failures) than readiness.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web
          readinessProbe: {httpGet: {path: /ready, port: 80}}
          livenessProbe: {httpGet: {path: /ready, port: 80}}
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
      containers:
        - name: web
          image: web
          readinessProbe: {httpGet: {path: /ready, port: 80}}
          livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 10}
`,
  },
};

function question({ httpGet, tcpSocket, exec, grpc }: Probe): string {
  return JSON.stringify([httpGet, tcpSocket, exec, grpc]);
}

/** Seconds until it acts. */
function patience({ periodSeconds, failureThreshold }: Probe): number {
  return periodSeconds * failureThreshold;
}
