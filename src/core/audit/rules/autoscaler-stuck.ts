import { scaleKey } from "../effective-replicas.ts";
import type { AuditRule, Draft } from "../rule.ts";
import { nameOf, runningContainers, type Workload } from "../workload.ts";

/** An autoscaler without room, metric or target. */
export const autoscalerStuck: AuditRule = {
  id: "autoscaler-stuck",
  title: "An autoscaler cannot scale",
  severity: "medium",
  breaks: "When load rises, as it does on survivors after a loss, no pod is added.",
  check: ({ snapshot, workloadByKey }) =>
    snapshot.horizontalPodAutoscalers.flatMap((object): readonly Draft[] => {
      const of = { kind: "HorizontalPodAutoscaler", object };
      const { minReplicas, maxReplicas, metrics, targetCPUUtilizationPercentage, scaleTargetRef } = object.spec;
      const workload = workloadByKey.get(scaleKey(scaleTargetRef.kind, object.metadata.namespace, scaleTargetRef.name));
      if (minReplicas >= maxReplicas)
        return [
          {
            of,
            message: `${nameOf(of)} keeps ${maxReplicas} replicas: minReplicas is maxReplicas`,
            fields: [{ of, path: ["spec", "maxReplicas"], value: maxReplicas }],
          },
        ];
      const failing = object.status.conditions.find(
        ({ type, status }) => type === "ScalingActive" && status === "False",
      );
      if (failing !== undefined && failing.reason !== "ScalingDisabled")
        return [
          {
            of,
            message: `${nameOf(of)} does not scale: ${failing.reason}`,
            fields: [{ of, path: ["status", "conditions"], value: failing }],
          },
        ];
      const shares = metrics.flatMap(({ resource }) =>
        resource?.target.type === "Utilization" ? [resource.name] : [],
      );
      const wanted = targetCPUUtilizationPercentage === undefined ? shares : [...shares, "cpu"];
      const lacking = workload === undefined ? [] : wanted.filter((name) => lacksRequest(workload, name));
      if (lacking.length === 0) return [];
      return [
        {
          of,
          message: `${nameOf(of)} scales by a share of the ${lacking.join(" and ")} that a container does not ask for`,
          fields: [{ of, path: ["spec", "metrics"], value: lacking }],
        },
      ];
    }),
  page: {
    text: `The same least and most; the condition ScalingActive False in a live snapshot (a metric that is not there); utilization of a
resource that a container of the target has no request for.`,
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
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
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
      containers: [{name: web, image: web, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
`,
  },
};

function lacksRequest(workload: Workload, name: string): boolean {
  if (workload.template.spec.resources?.requests?.[name] !== undefined) return false;
  return runningContainers(workload).some(
    ({ container: { resources } }) => (resources.requests?.[name] ?? resources.limits?.[name]) === undefined,
  );
}
