import type { AuditRule } from "../rule.ts";
import { isLongRunning, nameOf, podField, runningContainers } from "../workload.ts";

/** A container that asks for nothing. */
export const requestsMissing: AuditRule = {
  id: "requests-missing",
  title: "No resource requests",
  severity: "medium",
  breaks:
    "The scheduler packs its pods on full nodes, where they are the first to be evicted; and no simulation can tell whether replacements fit.",
  check: ({ workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) => {
      const ofPod = workload.template.spec.resources?.requests ?? {};
      return runningContainers(workload).flatMap(({ container, path }) => {
        const { requests, limits } = container.resources;
        // The API server fills in requests from limits.
        const missing = ["cpu", "memory"].filter((name) => ({ ...limits, ...requests, ...ofPod })[name] === undefined);
        if (missing.length === 0) return [];
        return [
          {
            of: workload,
            message: `container ${container.name} of ${nameOf(workload)} asks for no ${missing.join(" and no ")}`,
            fields: [podField(workload, [...path, "resources", "requests"], requests)],
          },
        ];
      });
    }),
  page: {
    text: `Requests of the pod as a whole count, and limits do, since the API server takes them as requests. LimitRanges are not looked
at. A number is never proposed: measure it.`,
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
      containers: [{name: web, image: web, resources: {requests: {cpu: 100m, memory: 64Mi}}}]
`,
  },
};
