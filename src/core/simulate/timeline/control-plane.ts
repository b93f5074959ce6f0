/**
 * Whether what is lost takes the control plane with it: then nobody notices, evicts or replaces anything.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { Node } from "../../../model/snapshot/node.ts";
import type { Pod } from "../../../model/snapshot/pod.ts";

/** What becomes of the control plane. */
export type ControlPlaneFate =
  /** None of its nodes are in the snapshot: it is managed by somebody else, and survives. */
  | { readonly fate: "elsewhere" }
  | { readonly fate: "survives"; readonly members: number; readonly lost: number }
  | { readonly fate: "lost"; readonly members: number; readonly lost: number; readonly because: string };

const ROLES = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** Whether a node is labelled as one of the control plane. */
export function isControlPlane({ metadata }: Node): boolean {
  return ROLES.some((role) => metadata.labels[role] !== undefined);
}

/** By etcd's members where they can be seen, else by the nodes that have the role, each of which then counts as one. */
export function controlPlaneFate(snapshot: ClusterSnapshot, lost: ReadonlySet<string>): ControlPlaneFate {
  const withRole = snapshot.nodes.filter(isControlPlane);
  const etcd = nodesWith(snapshot, "etcd");
  const servers = nodesWith(snapshot, "kube-apiserver");
  const roles = new Set(withRole.map(({ metadata }) => metadata.name));
  if (etcd.size > 0) {
    const gone = count(etcd, lost);
    if (etcd.size - gone < quorumOf(etcd.size))
      return { fate: "lost", members: etcd.size, lost: gone, because: "etcd has no majority" };
  }
  const hosts = servers.size > 0 ? servers : roles;
  if (hosts.size === 0) return etcd.size === 0 ? { fate: "elsewhere" } : survives(etcd, lost);
  const gone = count(hosts, lost);
  if (gone === hosts.size) return { fate: "lost", members: hosts.size, lost: gone, because: "no API server is left" };
  if (etcd.size === 0 && hosts.size - gone < quorumOf(hosts.size))
    return {
      fate: "lost",
      members: hosts.size,
      lost: gone,
      because: "etcd has no majority, if each control-plane node has a member",
    };
  return survives(etcd.size > 0 ? etcd : hosts, lost);
}

function survives(members: ReadonlySet<string>, lost: ReadonlySet<string>): ControlPlaneFate {
  return { fate: "survives", members: members.size, lost: count(members, lost) };
}

/** Nodes with a static pod of a component, labelled as kubeadm does. */
function nodesWith({ pods }: ClusterSnapshot, component: string): ReadonlySet<string> {
  const isOne = ({ metadata, spec }: Pod): boolean =>
    spec.nodeName !== "" &&
    metadata.namespace === "kube-system" &&
    (metadata.labels["component"] === component ||
      (metadata.name === `${component}-${spec.nodeName}` &&
        metadata.ownerReferences.some(({ kind }) => kind === "Node")));
  return new Set(pods.filter(isOne).map(({ spec }) => spec.nodeName));
}

function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

function count(names: ReadonlySet<string>, among: ReadonlySet<string>): number {
  return [...names].filter((name) => among.has(name)).length;
}
