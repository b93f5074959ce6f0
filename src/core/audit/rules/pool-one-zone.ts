import type { AuditRule } from "../rule.ts";
import { isControlPlane } from "../../simulate/timeline/control-plane.ts";
import { domainsOf, poolOf, ZONE_LABEL } from "../node-domains.ts";

/** A pool whose nodes are all in one zone, in a cluster that has more. */
export const poolOneZone: AuditRule = {
  id: "pool-one-zone",
  title: "A node pool in one zone",
  severity: "low",
  breaks: "What needs this pool has no place when its zone is lost.",
  check: ({ snapshot: { nodes } }) => {
    const workers = nodes.filter((node) => !isControlPlane(node));
    if (domainsOf(ZONE_LABEL, workers).length < 2) return [];
    const pools = Map.groupBy(workers, (node) => poolOf(node)?.pool);
    return [...pools].flatMap(([pool, members]) => {
      const [zone, ...others] = domainsOf(ZONE_LABEL, members);
      const [first] = members;
      if (pool === undefined || first === undefined || zone === undefined || others.length > 0 || members.length < 2)
        return [];
      const of = { kind: "Node", object: first };
      return [
        {
          of,
          message: `all ${members.length} nodes of pool ${pool} are in zone ${zone}`,
          fields: [{ of, path: ["metadata", "labels", poolOf(first)?.label ?? ""], value: pool }],
        },
      ];
    });
  },
  page: {
    text: `Pools by the labels of Karpenter, EKS, GKE and AKS. A pool of one node is not reported.`,
    bad: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a, karpenter.sh/nodepool: gpu}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: a2, labels: {kubernetes.io/hostname: a2, topology.kubernetes.io/zone: a, karpenter.sh/nodepool: gpu}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b, karpenter.sh/nodepool: web}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
    good: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a, karpenter.sh/nodepool: gpu}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b, karpenter.sh/nodepool: gpu}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
  },
};
