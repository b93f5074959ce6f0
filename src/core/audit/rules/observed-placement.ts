import type { AuditView } from "../audit-view.ts";
import { zoneOf } from "../node-domains.ts";
import type { AuditRule, Draft } from "../rule.ts";
import { isReplicated, nameOf, type Workload } from "../workload.ts";

/** Replicas that are all in one place now, whatever the manifest intends. */
export const observedPlacement: AuditRule = {
  id: "observed-placement",
  title: "All replicas are in one place",
  severity: "high",
  breaks: "The loss of that node or zone stops all replicas at the same time.",
  check: (view) =>
    view.workloads
      .filter((workload) => isReplicated(workload) && workload.pods.length >= 2)
      .flatMap((workload) => draftOf(workload, view)),
  page: {
    text: `Only with pods in the snapshot: where they run beats what a manifest intends. One zone is reported only if the nodes of the
cluster are in several.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a1, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, image: web}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a2, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, image: web}]}
status: {phase: Running}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a1, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, image: web}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: web-b1, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
spec: {nodeName: b1, containers: [{name: web, image: web}]}
status: {phase: Running}
`,
  },
};

function draftOf(workload: Workload, { nodes, snapshot }: AuditView): readonly Draft[] {
  const hosts = [...new Set(workload.pods.map(({ spec }) => spec.nodeName))];
  const [host] = hosts;
  const pods = workload.pods.slice(0, 3).map((pod) => ({
    of: { kind: "Pod", object: pod },
    path: ["spec", "nodeName"],
    value: pod.spec.nodeName,
  }));
  const all = `all ${workload.pods.length} pods of ${nameOf(workload)}`;
  if (host !== undefined && hosts.length === 1)
    return [{ of: workload, message: `${all} are on node ${host}`, fields: pods, prove: { workload, domain: "node" } }];
  const zones = new Set(hosts.map((name) => zoneIn(nodes, name)));
  const [zone] = zones;
  if (zones.size !== 1 || zone === undefined || new Set(snapshot.nodes.map(zoneOf)).size < 2) return [];
  return [
    {
      of: workload,
      severity: "medium",
      message: `${all} are in zone ${zone}`,
      fields: pods,
      prove: { workload, domain: "zone" },
    },
  ];
}

function zoneIn(nodes: AuditView["nodes"], name: string): string | undefined {
  const node = nodes.get(name);
  return node === undefined ? undefined : zoneOf(node);
}
