/**
 * Pods that are neither gone nor replaced at the end, nor ready, with why: what people ask about besides pods without a place.
 * @module
 */
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { belongsToNode, tolerationMs } from "./taint-eviction.ts";
import type { VolumeAttachments } from "./volume-attachments.ts";

/** Why nothing goes on with a pod. */
export type StuckReason =
  /** It is being deleted on a lost node, and its controller makes another one only once its object is gone. */
  | "being deleted on a lost node, and made anew only once it is gone"
  /** It tolerates lost nodes without a time. */
  | "tolerates lost nodes for good"
  /** Its node waits for the taint, or zones stopped it. */
  | "on a lost node that has no NoExecute taint"
  /** Its seconds are not over, or others come first. */
  | "on a lost node, its eviction is still to come"
  /** Its volume is attached to another node. */
  | "has a node, but its volume is still attached to another"
  /** It has a node, and starts. */
  | "has a node, and starts"
  /** Its node has not been found out to be lost when it was placed there. */
  | "was placed on a node that is lost";

/** Pods of a workload for which the same holds. */
export interface StuckPods {
  /** `<kind> <namespace>/<name>` of their controller. */
  readonly workload: string;
  readonly reason: StuckReason;
  readonly count: number;
  /** The first three by name. */
  readonly examples: readonly string[];
}

const UNREACHABLE = { key: "node.kubernetes.io/unreachable", value: "", effect: "NoExecute" };

/** Those of a run as it is at this moment, the most frequent first. */
export function stuckPods(
  cluster: LiveCluster,
  volumes: VolumeAttachments,
  lost: ReadonlySet<string>,
): readonly StuckPods[] {
  const stuck = [...cluster.pods].flatMap((pod) => {
    const reason = reasonOf(pod, { cluster, volumes, lost });
    return reason === undefined ? [] : [{ pod, reason }];
  });
  return [...Map.groupBy(stuck, ({ pod, reason }) => `${pod.seed.workload}\n${reason}`).values()]
    .map((own) => ({
      workload: own[0]?.pod.seed.workload ?? "",
      reason: own[0]?.reason ?? "has a node, and starts",
      count: own.length,
      examples: own
        .map(({ pod }) => pod.key)
        .toSorted()
        .slice(0, 3),
    }))
    .toSorted((one, other) => other.count - one.count || (one.workload < other.workload ? -1 : 1));
}

interface StuckScene {
  readonly cluster: LiveCluster;
  readonly volumes: VolumeAttachments;
  readonly lost: ReadonlySet<string>;
}

function reasonOf(pod: LivePod, { cluster, volumes, lost }: StuckScene): StuckReason | undefined {
  const kind = pod.seed.owner?.kind;
  if (pod.node === undefined || belongsToNode(kind)) return undefined;
  if (!lost.has(pod.node) || cluster.nodes.get(pod.node)?.isAlive === true) {
    if (pod.isTerminating || pod.isReady || pod.form === pod.seed.form) return undefined;
    return volumes.isWaiting(pod)
      ? "has a node, but its volume is still attached to another"
      : "has a node, and starts";
  }
  if (pod.isTerminating) {
    // Others were replaced when that began.
    return kind === "StatefulSet" || kind === "Job"
      ? "being deleted on a lost node, and made anew only once it is gone"
      : undefined;
  }
  if (pod.form !== pod.seed.form && pod.seed.form.pod.spec.nodeName !== pod.node)
    return "was placed on a node that is lost";
  const node = cluster.nodes.get(pod.node)?.node;
  const toleratedMs = tolerationMs(pod, UNREACHABLE);
  if (toleratedMs === Number.POSITIVE_INFINITY) return "tolerates lost nodes for good";
  const isTainted = node?.spec.taints.some(({ key, effect }) => key === UNREACHABLE.key && effect === "NoExecute");
  if (node !== undefined && isTainted !== true) return "on a lost node that has no NoExecute taint";
  return "on a lost node, its eviction is still to come";
}
