import type { AuditRule } from "../rule.ts";
import type { AuditView } from "../audit-view.ts";
import { isLongRunning, isReplicated, nameOf, podField, type Workload } from "../workload.ts";

/** A Service whose pods everybody else may push aside. */
export const priorityBelowNeighbours: AuditRule = {
  id: "priority-below-neighbours",
  title: "Less important than its neighbours",
  severity: "low",
  breaks: "When room is short after a loss, its pods are preempted or wait, for the sake of pods that may matter less.",
  check: (view) => {
    const all = view.workloads
      .filter(isLongRunning)
      .map((workload) => ({ workload, priority: priorityOf(workload, view) }));
    const batch = view.workloads
      .filter((workload) => !isLongRunning(workload))
      .map((workload) => ({ workload, priority: priorityOf(workload, view) }));
    return all
      .filter(({ workload }) => isReplicated(workload) && workload.services.length > 0)
      .flatMap(({ workload, priority }) => {
        const above = batch.filter((other) => other.priority > priority);
        const [first] = above;
        if (first === undefined) return [];
        return [
          {
            of: workload,
            message: `${nameOf(workload)} (priority ${priority}) yields to ${nameOf(first.workload)} (${first.priority})`,
            fields: [podField(workload, ["priorityClassName"], workload.template.spec.priorityClassName || undefined)],
          },
        ];
      });
  },
  page: {
    text: `Compared are workloads that a Service leads to with Jobs and CronJobs: a batch above a Service is a mistake more often than
not. Equal priorities are not reported, and long-running neighbours are not either.`,
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
---
apiVersion: batch/v1
kind: Job
metadata: {name: report, namespace: shop}
spec: {template: {spec: {priorityClassName: urgent, containers: [{name: report, image: report}]}}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: urgent}
value: 1000
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
      priorityClassName: urgent
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: report, namespace: shop}
spec: {template: {spec: {containers: [{name: report, image: report}]}}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: urgent}
value: 1000
`,
  },
};

function priorityOf({ template: { spec } }: Workload, { snapshot: { priorityClasses } }: AuditView): number {
  if (spec.priority !== 0) return spec.priority;
  if (spec.priorityClassName.startsWith("system-")) return 2_000_000_000;
  const named =
    spec.priorityClassName === ""
      ? priorityClasses.find(({ globalDefault }) => globalDefault)
      : priorityClasses.find(({ metadata }) => metadata.name === spec.priorityClassName);
  return named?.value ?? 0;
}
