import type { AuditRule } from "../rule.ts";
import { isControlPlane } from "../../simulate/timeline/control-plane.ts";
import { zoneOf } from "../node-domains.ts";

/** Fewer than three members of the control plane, or an even number, or a majority in one zone. */
export const controlPlaneMembers: AuditRule = {
  id: "control-plane-members",
  title: "Too few control plane members",
  severity: "high",
  breaks: "The loss of one member ends the majority of etcd: nothing is rescheduled, and no Service is changed.",
  check: ({ snapshot: { nodes } }) => {
    const members = nodes.filter(isControlPlane);
    const [first] = members;
    if (first === undefined) return [];
    const of = { kind: "Node", object: first };
    const fields = members
      .slice(0, 4)
      .map((object) => ({ of: { kind: "Node", object }, path: ["metadata", "labels"], value: object.metadata.name }));
    const count = members.length;
    if (count < 3)
      return [{ of, message: `the control plane has ${count} of the 3 members that survive a loss`, fields }];
    if (count % 2 === 0)
      return [
        {
          of,
          severity: "medium" as const,
          message: `the control plane has ${count} members: an even number survives no more losses than one less`,
          fields,
        },
      ];
    const zones = Map.groupBy(members, (node) => zoneOf(node) ?? "");
    const [zone, most] = [...zones].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? ["", []];
    if (zone === "" || most.length * 2 < count) return [];
    return [
      { of, message: `zone ${zone} holds ${most.length} of ${count} members: its loss ends the majority`, fields },
    ];
  },
  page: {
    text: `Members are nodes with the control plane label. Managed control planes show no node and are not reported. An etcd of its own
outside of these nodes is not seen.`,
    bad: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a, node-role.kubernetes.io/control-plane: ""}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b, node-role.kubernetes.io/control-plane: ""}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
    good: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a, node-role.kubernetes.io/control-plane: ""}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b, node-role.kubernetes.io/control-plane: ""}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Node
metadata: {name: c1, labels: {kubernetes.io/hostname: c1, topology.kubernetes.io/zone: c, node-role.kubernetes.io/control-plane: ""}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
`,
  },
};
