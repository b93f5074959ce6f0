import type { AuditRule } from "../rule.ts";
import { isControlPlane } from "../../simulate/timeline/control-plane.ts";

/** Kubelets more than three minor versions behind. */
export const kubeletSkew: AuditRule = {
  id: "kubelet-skew",
  title: "Kubelets too old for their API server",
  severity: "medium",
  breaks: "Old kubelets are not supported with a newer API server: after the next upgrade their nodes may drop out.",
  check: ({ snapshot: { nodes } }) => {
    const versions = nodes.map((node) => ({ node, minor: minorOf(node.status.nodeInfo?.kubeletVersion) }));
    const known = versions.filter(
      (one): one is { node: (typeof nodes)[number]; minor: number } => one.minor !== undefined,
    );
    const ofMembers = known.filter(({ node }) => isControlPlane(node));
    const newest = Math.max(...(ofMembers.length > 0 ? ofMembers : known).map(({ minor }) => minor));
    return known
      .filter(({ minor }) => newest - minor > 3)
      .map(({ node, minor }) => ({
        of: { kind: "Node", object: node },
        message: `the kubelet of node ${node.metadata.name} is ${newest - minor} minor versions behind (1.${minor}, 1.${newest})`,
        fields: [
          {
            of: { kind: "Node", object: node },
            path: ["status", "nodeInfo", "kubeletVersion"],
            value: node.status.nodeInfo?.kubeletVersion,
          },
        ],
      }));
  },
  page: {
    text: `Compared with the kubelets of the control plane, else with the newest one of all: three minor versions are supported.`,
    bad: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.36.2}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.32.9}}
`,
    good: `---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.36.2}}
---
apiVersion: v1
kind: Node
metadata: {name: b1, labels: {kubernetes.io/hostname: b1, topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.33.9}}
`,
  },
};

function minorOf(version: string | undefined): number | undefined {
  const minor = /^v1\.(\d+)/.exec(version ?? "")?.[1];
  return minor === undefined ? undefined : Number(minor);
}
