/**
 * The taint eviction controller: pods go from nodes with a NoExecute taint once they do not tolerate it any longer.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
 * @module
 */
import type { Taint } from "../../../model/snapshot/node.ts";
import { tolerates } from "../../scheduling/tolerations.ts";
import type { SeededChance } from "../seeded-chance.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { CONTROLLER_LIMIT, RequestLimit } from "./request-limit.ts";

/** A pod is read, its status is written, then it is deleted. */
const REQUESTS_OF_EVICTION = 3;

/** What admission gives pods that say nothing of nodes that are not ready. */
const DEFAULT_TOLERATION_MS = 300_000;

const UNREACHABLE = "node.kubernetes.io/unreachable";

/** Deletes pods as their time comes. */
export class TaintEviction {
  readonly #cluster: LiveCluster;
  readonly #chance: SeededChance;
  readonly #limit = new RequestLimit(CONTROLLER_LIMIT);
  /** How to call off what is planned, by pod. */
  readonly #planned = new Map<LivePod, () => void>();
  readonly #taints = new Map<string, Taint[]>();

  /** @param chance pods of a node come in any order */
  constructor(cluster: LiveCluster, chance: SeededChance) {
    this.#cluster = cluster;
    this.#chance = chance;
  }

  /** A node has one more NoExecute taint, or, with undefined, none any more. */
  taintChanged(node: string, taint: Taint | undefined): void {
    const taints = taint === undefined ? [] : [...(this.#taints.get(node) ?? []), taint];
    this.#taints.set(node, taints);
    for (const pod of this.#chance.shuffle(this.#cluster.podsOf(node))) this.#plan(pod, taints);
  }

  /** A pod has come to a node, which may have a taint. */
  podPlaced(pod: LivePod): void {
    const taints = this.#taints.get(pod.node ?? "") ?? [];
    if (taints.length > 0) this.#plan(pod, taints);
  }

  #plan(pod: LivePod, taints: readonly Taint[]): void {
    this.#planned.get(pod)?.();
    this.#planned.delete(pod);
    const afterMs = Math.min(...taints.map((taint) => tolerationMs(pod, taint)));
    if (pod.isTerminating || afterMs === Number.POSITIVE_INFINITY) return;
    const callOff = this.#cluster.queue.at(this.#cluster.now + afterMs, () => {
      this.#planned.delete(pod);
      this.#cluster.queue.at(this.#limit.take(this.#cluster.now, REQUESTS_OF_EVICTION), () => {
        if (pod.isGone || pod.isTerminating) return;
        this.#cluster.log.add("pod evicted", this.#cluster.now, pod.key);
        this.#cluster.deletePod(pod, "DeletionByTaintManager");
      });
    });
    this.#planned.set(pod, callOff);
  }
}

/**
 * How long a pod tolerates a taint: 0 not at all, infinite where it says so without a time. The shortest of all tolerations
 * that cover the taint counts. Pods of DaemonSets and static ones tolerate lost nodes.
 */
export function tolerationMs({ form, seed }: LivePod, taint: Taint): number {
  const seconds = form.pod.spec.tolerations
    .filter((toleration) => tolerates(toleration, taint))
    .map(({ tolerationSeconds }) => tolerationSeconds);
  if (seconds.length > 0) {
    const limited = seconds.filter((value) => value !== undefined);
    return limited.length === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.min(...limited)) * 1000;
  }
  if (taint.key !== UNREACHABLE) return belongsToNode(seed.owner?.kind) ? Number.POSITIVE_INFINITY : 0;
  return belongsToNode(seed.owner?.kind) ? Number.POSITIVE_INFINITY : DEFAULT_TOLERATION_MS;
}

/** Whether pods of a kind of owner stay with their node whatever becomes of it. */
export function belongsToNode(ownerKind: string | undefined): boolean {
  return ownerKind === "DaemonSet" || ownerKind === "Node";
}
