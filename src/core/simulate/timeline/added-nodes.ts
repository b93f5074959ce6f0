/**
 * Nodes that come while a loss lasts: copies of one that is there.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { Node } from "../../../model/snapshot/node.ts";
import { placedPod } from "../../scheduling/placed-pod.ts";
import type { LiveCluster } from "./live-cluster.ts";
import type { PodSeed } from "./pod-seed.ts";
import { belongsToNode } from "./taint-eviction.ts";

/** `pool=N@90s`: so many copies of a node of a pool, ready at a moment after the loss. */
export interface AddedNodes {
  /** The name of a node, `LABEL=VALUE`, or a value that a label of nodes has. */
  readonly pool: string;
  readonly count: number;
  readonly atMs: number;
}

const HOSTNAME = "kubernetes.io/hostname";

/**
 * The node of a pool that is copied: the first by name that is not lost. A node's name comes first, then `LABEL=VALUE`, then
 * any label's value.
 * @returns undefined where the pool has no node that is left
 */
export function templateOf(pool: string, { nodes }: ClusterSnapshot, lost: ReadonlySet<string>): Node | undefined {
  const at = pool.indexOf("=");
  const isOf = ({ metadata }: Node): boolean => {
    if (metadata.name === pool) return true;
    if (at > 0) return metadata.labels[pool.slice(0, at)] === pool.slice(at + 1);
    return Object.values(metadata.labels).includes(pool);
  };
  return nodes
    .filter((node) => isOf(node) && !lost.has(node.metadata.name))
    .toSorted(
      (one, other) => Number(other.metadata.name === pool) - Number(one.metadata.name === pool) || byName(one, other),
    )[0];
}

/** The copies, empty but for the pods that belong to every node. */
export function copiesOf(template: Node, { pool, count }: AddedNodes): readonly Node[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${pool.replace(/^.*[=/]/, "")}-added-${index + 1}`;
    const { metadata, spec } = template;
    return {
      ...template,
      metadata: { ...metadata, name, uid: name, labels: { ...metadata.labels, [HOSTNAME]: name } },
      spec: { unschedulable: false, taints: spec.taints.filter(({ key }) => !key.startsWith("node.kubernetes.io/")) },
    };
  });
}

/** Lets the copies come, each with what runs on the template because it is a node. */
export function addCopies(cluster: LiveCluster, template: Node, added: AddedNodes): void {
  const ofNode: readonly PodSeed[] = cluster
    .podsOf(template.metadata.name)
    .map(({ seed }) => seed)
    .filter(({ owner }) => belongsToNode(owner?.kind));
  cluster.queue.at(added.atMs, () => {
    for (const node of copiesOf(template, added)) {
      const { name } = node.metadata;
      cluster.addNode(node);
      cluster.log.add("node added", cluster.now, name);
      for (const seed of ofNode) {
        const { pod } = seed.form;
        const metadata = { ...pod.metadata, name: `${pod.metadata.name}-${name}` };
        cluster.addRunningPod({
          ...seed,
          form: placedPod({ ...pod, metadata, spec: { ...pod.spec, nodeName: name } }),
        });
      }
    }
  });
}

function byName(one: Node, other: Node): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}
