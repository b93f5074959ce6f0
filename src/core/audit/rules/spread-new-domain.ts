import { domainsOf, eligibleNodes } from "../node-domains.ts";
import type { AuditRule } from "../rule.ts";
import { requiredNodes } from "../../scheduling/required-nodes.ts";
import { countsItself } from "../spreading.ts";
import { isReplicated, nameOf, podField, podOf } from "../workload.ts";

/** A domain that counts, and takes no pod. */
export const spreadNewDomain: AuditRule = {
  id: "spread-new-domain",
  title: "A domain counts for spreading and takes no pod",
  severity: "high",
  breaks: "The empty domain keeps the minimum at zero: further pods stay Pending on healthy nodes elsewhere.",
  check: ({ snapshot: { nodes }, workloads }) =>
    workloads.filter(isReplicated).flatMap((workload) => {
      if (workload.template.spec.topologySpreadConstraints.length === 0) return [];
      const selects = requiredNodes(podOf(workload));
      const counted = nodes.filter(({ metadata }) => selects({ name: metadata.name, labels: metadata.labels }));
      const eligible = eligibleNodes(workload, nodes);
      return workload.template.spec.topologySpreadConstraints.flatMap((constraint, index) => {
        const { topologyKey, whenUnsatisfiable, nodeTaintsPolicy, maxSkew } = constraint;
        if (whenUnsatisfiable !== "DoNotSchedule" || nodeTaintsPolicy !== "Ignore") return [];
        if (!countsItself(constraint, workload)) return [];
        const usable = new Set(domainsOf(topologyKey, eligible));
        const empty = domainsOf(topologyKey, counted).filter((domain) => !usable.has(domain));
        if (usable.size === 0 || empty.length === 0 || workload.replicas.count <= maxSkew * usable.size) return [];
        return [
          {
            of: workload,
            message: `${nameOf(workload)}: ${topologyKey} ${empty.join(", ")} counts as empty and takes none of its pods; at most ${maxSkew * usable.size} of ${workload.replicas.count} find a place`,
            fields: [
              podField(workload, ["topologySpreadConstraints", index], { maxSkew, topologyKey, nodeTaintsPolicy }),
            ],
          },
        ];
      });
    }),
  page: {
    text: `With \`nodeTaintsPolicy: Ignore\`, the default, nodes count that the pod does not tolerate: two pods in zone a, two in b, and
the first, tainted, node of a zone c make the fifth pod unplaceable. So adding a node can take places away.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
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
apiVersion: v1
kind: Node
metadata: {name: c1, labels: {kubernetes.io/hostname: c1, topology.kubernetes.io/zone: c}}
spec: {taints: [{key: gpu, effect: NoSchedule}]}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}, nodeTaintsPolicy: Honor}
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
apiVersion: v1
kind: Node
metadata: {name: c1, labels: {kubernetes.io/hostname: c1, topology.kubernetes.io/zone: c}}
spec: {taints: [{key: gpu, effect: NoSchedule}]}
`,
  },
};
