import { startsFirst } from "../rollout.ts";
import type { AuditRule } from "../rule.ts";
import type { Deployment } from "../../../model/snapshot/workload.ts";
import { ClusterState } from "../../scheduling/cluster-state.ts";
import { findFeasible } from "../../scheduling/feasibility.ts";
import { placedPod } from "../../scheduling/placed-pod.ts";
import { nameOf, podOf, type Workload } from "../workload.ts";

/** A Deployment whose next roll-out needs room that is not there. */
export const surgeWithoutCapacity: AuditRule = {
  id: "surge-without-capacity",
  title: "No room for the surge of a roll-out",
  severity: "medium",
  breaks: "A roll-out hangs: the new pod is started before an old one ends, and no node has room for it.",
  check: ({ snapshot, workloads, isLive }) => {
    const candidates = workloads.filter(needsSurge);
    if (!isLive || candidates.length === 0) return [];
    const state = new ClusterState(snapshot);
    return candidates.flatMap((workload) => {
      const { nodes, rejections, refusal } = findFeasible(placedPod(podOf(workload)), state);
      if (nodes.length > 0 || refusal !== undefined) return [];
      const reasons = [...new Set([...rejections.values()].flatMap((rejection) => rejection.reasons))];
      return [
        {
          of: workload,
          message: `one more pod of ${nameOf(workload)} fits on none of ${rejections.size} nodes: ${reasons.join(", ")}`,
          fields: [
            {
              of: workload,
              path: ["spec", "strategy", "rollingUpdate", "maxUnavailable"],
              value: (workload.object as Deployment).spec.strategy.rollingUpdate.maxUnavailable,
            },
          ],
        },
      ];
    });
  },
  page: {
    text: `Only in a live snapshot and for roll-outs that may have no pod unavailable. All filters of the scheduler are asked, with the
pods that are there; preemption and cluster autoscalers are not.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, resources: {requests: {cpu: "3"}}}]
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a1, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, resources: {requests: {cpu: "3"}}}]}
status: {phase: Running}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, resources: {requests: {cpu: "1"}}}]
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a1, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, resources: {requests: {cpu: "1"}}}]}
status: {phase: Running}
`,
  },
};

function needsSurge(workload: Workload): boolean {
  return startsFirst(workload) && workload.replicas.count > 0 && !(workload.object as Deployment).spec.paused;
}
