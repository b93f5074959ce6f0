import type { AuditRule } from "../rule.ts";
import { isControlPlane } from "../../simulate/timeline/control-plane.ts";
import { domainsOf, ZONE_LABEL } from "../node-domains.ts";

/** A cluster in one zone. */
export const nodesOneZone: AuditRule = {
  id: "nodes-one-zone",
  title: "All nodes in one zone",
  severity: "high",
  breaks: "The loss of the zone stops everything: nothing is left to place replacements on.",
  check: ({ snapshot: { nodes } }) => {
    const workers = nodes.filter((node) => !isControlPlane(node));
    const [first] = workers;
    const zones = domainsOf(ZONE_LABEL, workers);
    if (first === undefined || workers.length < 2 || zones.length > 1) return [];
    const of = { kind: "Node", object: first };
    const [zone] = zones;
    return [
      {
        of,
        severity: zone === undefined ? ("info" as const) : ("high" as const),
        message:
          zone === undefined
            ? `none of ${workers.length} nodes has a zone label: they count as one zone`
            : `all ${workers.length} nodes are in zone ${zone}`,
        fields: [{ of, path: ["metadata", "labels", ZONE_LABEL], ...(zone === undefined ? {} : { value: zone }) }],
      },
    ];
  },
  page: {
    text: `Nodes without the zone label count as one zone, and are reported as info: a data centre may have no zones. One node alone is
not reported.`,
    bad: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: a2, labels: {kubernetes.io/hostname: a2, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
    good: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
  },
};
