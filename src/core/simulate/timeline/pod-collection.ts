/**
 * The pod garbage collector: pods of nodes that are gone, and pods that are being deleted on nodes that are out of service.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
 * @module
 */
import type { SeededChance } from "../seeded-chance.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { CONTROLLER_LIMIT, RequestLimit } from "./request-limit.ts";

/** From one look at all pods to the next; the loss comes right after one. */
const PERIOD_MS = 20_000;

/** So long a node has to have been missed before its pods go. */
const QUARANTINE_MS = 40_000;

/** A pod is marked as failed, then it is deleted. */
const REQUESTS_OF_COLLECTION = 2;

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** Looks at all pods from the loss on. */
export class PodCollection {
  readonly #cluster: LiveCluster;
  readonly #chance: SeededChance;
  readonly #limit = new RequestLimit(CONTROLLER_LIMIT);
  /** When nodes that are not there were missed. */
  readonly #missedMs = new Map<string, number>();
  readonly #collecting = new Set<LivePod>();

  /** @param chance pods come in any order */
  constructor(cluster: LiveCluster, chance: SeededChance) {
    this.#cluster = cluster;
    this.#chance = chance;
    cluster.queue.at(PERIOD_MS, () => this.#collect());
  }

  #collect(): void {
    const { now } = this.#cluster;
    const due: LivePod[] = [];
    for (const pod of this.#cluster.pods) {
      if (pod.node === undefined || this.#collecting.has(pod)) continue;
      const node = this.#cluster.nodes.get(pod.node);
      if (node === undefined) {
        const missedMs = this.#missedMs.get(pod.node) ?? now;
        this.#missedMs.set(pod.node, missedMs);
        if (now - missedMs >= QUARANTINE_MS) due.push(pod);
      } else if (
        pod.isTerminating &&
        !node.isReady &&
        node.node.spec.taints.some(({ key }) => key === OUT_OF_SERVICE)
      ) {
        due.push(pod);
      }
    }
    for (const pod of this.#chance.shuffle(due)) this.#remove(pod);
    this.#cluster.queue.at(now + PERIOD_MS, () => this.#collect());
  }

  #remove(pod: LivePod): void {
    this.#collecting.add(pod);
    this.#cluster.queue.at(this.#limit.take(this.#cluster.now, REQUESTS_OF_COLLECTION), () => {
      if (pod.isGone) return;
      this.#cluster.log.add("pod collected", this.#cluster.now, pod.key);
      this.#cluster.removePod(pod);
    });
  }
}
