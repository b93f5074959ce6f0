/**
 * The cluster after a loss, once controllers have done what they do, and before anything is placed anew.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Node, Taint } from "../../model/snapshot/node.ts";
import type { Pod } from "../../model/snapshot/pod.ts";
import { hasEnded } from "../scheduling/cluster-state.ts";
import { tolerates } from "../scheduling/tolerations.ts";
import type { LossForm } from "./loss.ts";

/** What becomes of a pod on a lost node. */
export type Fate =
  /** Its controller makes another one. */
  | "replaced"
  /** Nobody makes another one, or not as long as the Node object is there (StatefulSets). */
  | "gone"
  /** It belongs to its node (DaemonSet, static pod): where the node is lost, nobody misses it. */
  | "of-node"
  /** It tolerates that its node says nothing, for good: nobody takes it away, and nobody replaces it. */
  | "kept";

/** A cluster after a loss. */
export interface AfterLoss {
  readonly snapshot: ClusterSnapshot;
  /** Replacements, which wait for a place. */
  readonly waiting: readonly Pod[];
  /** Of each pod that was on a lost node and had not ended. */
  readonly fates: ReadonlyMap<Pod, Fate>;
}

/** What the node lifecycle controller puts on nodes that say nothing. */
const UNREACHABLE: readonly Taint[] = ["NoSchedule", "NoExecute"].map((effect) => ({
  key: "node.kubernetes.io/unreachable",
  value: "",
  effect,
}));

/** A moment before which nothing is deleted: only that there is one matters. */
const DELETED = "1970-01-01T00:00:00Z";

/** Takes nodes from a cluster, by name, for as long as it takes until every pod there has been evicted. */
export function afterLoss(snapshot: ClusterSnapshot, lost: ReadonlySet<string>, form: LossForm): AfterLoss {
  const fates = new Map<Pod, Fate>();
  for (const pod of snapshot.pods) if (lost.has(pod.spec.nodeName) && !hasEnded(pod)) fates.set(pod, fateOf(pod, form));
  return {
    snapshot: {
      ...snapshot,
      nodes: nodesAfter(snapshot.nodes, lost, form),
      pods: snapshot.pods.flatMap((pod) => podAfter(pod, fates.get(pod), form) ?? []),
    },
    waiting: [...fates].filter(([, fate]) => fate === "replaced").map(([pod]) => replacementOf(pod)),
    fates,
  };
}

function nodesAfter(nodes: readonly Node[], lost: ReadonlySet<string>, form: LossForm): readonly Node[] {
  if (form === "deleted") return nodes.filter(({ metadata }) => !lost.has(metadata.name));
  return nodes.map((node) =>
    lost.has(node.metadata.name)
      ? { ...node, spec: { ...node.spec, taints: [...node.spec.taints, ...UNREACHABLE] } }
      : node,
  );
}

/** Pods on nodes that say nothing stay there as being deleted: nobody confirms their end. */
function podAfter(pod: Pod, fate: Fate | undefined, form: LossForm): Pod | undefined {
  if (fate === undefined) return pod;
  if (form === "deleted") return undefined;
  if (fate === "kept" || fate === "of-node") return pod;
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: pod.metadata.deletionTimestamp ?? DELETED } };
}

function fateOf({ metadata, spec }: Pod, form: LossForm): Fate {
  const owner = metadata.ownerReferences.find(({ controller }) => controller);
  if (owner?.kind === "DaemonSet" || owner?.kind === "Node") return "of-node";
  if (form === "unreachable" && staysForGood(spec.tolerations)) return "kept";
  if (owner === undefined) return "gone";
  // Its name must not run twice: as long as the Node object is there, nobody knows that it does not.
  return owner.kind === "StatefulSet" && form === "unreachable" ? "gone" : "replaced";
}

function staysForGood(tolerations: Pod["spec"]["tolerations"]): boolean {
  return UNREACHABLE.filter(({ effect }) => effect === "NoExecute").every((taint) =>
    tolerations.some((toleration) => toleration.tolerationSeconds === undefined && tolerates(toleration, taint)),
  );
}

/** The same pod under another name, where its controller does not keep the name. @param suffix of the name */
export function replacementOf(pod: Pod, suffix = "-anew"): Pod {
  const { deletionTimestamp: _gone, ...metadata } = pod.metadata;
  const { startTime: _before, ...status } = pod.status;
  return {
    metadata: { ...metadata, name: `${metadata.name}${suffix}`, uid: `${metadata.uid}-anew` },
    spec: { ...pod.spec, nodeName: "" },
    status: {
      ...status,
      phase: "Pending",
      nominatedNodeName: "",
      conditions: [],
      containerStatuses: [],
      initContainerStatuses: [],
    },
  };
}
