/**
 * `kubectl drain --force --ignore-daemonsets --delete-emptydir-data` of some nodes: all are cordoned, then emptied one after
 * the other through the eviction API, which asks disruption budgets.
 * https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
 * @module
 */
import type { SeededChance } from "../seeded-chance.ts";
import { budgetsOf, budgetStatus } from "./budget-status.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { belongsToNode } from "./taint-eviction.ts";

/** An eviction that a budget refuses is tried again after this. */
const RETRY_MS = 5_000;

const UNSCHEDULABLE = { key: "node.kubernetes.io/unschedulable", value: "", effect: "NoSchedule" };

/** A budget that refused an eviction. */
export interface BlockingBudget {
  /** `<namespace>/<name>`; of two budgets on one pod both, joined by ` and `. */
  readonly budget: string;
  /** The first pod whose eviction it refused: `<namespace>/<name>`. */
  readonly pod: string;
  readonly sinceMs: number;
  /** When it last refused; where it still did at the end, the end. */
  readonly untilMs: number;
  /** It refused to the end. `two budgets`: the eviction API answers 500 to a pod that more than one selects. */
  readonly ends: "allowed" | "refused" | "two budgets";
}

/** Empties nodes. */
export class NodeDrain {
  readonly #cluster: LiveCluster;
  readonly #chance: SeededChance;
  readonly #nodes: readonly string[];
  readonly #blocking = new Map<string, BlockingBudget>();
  readonly #refused = new Map<LivePod, string>();
  readonly #drained = new Set<string>();

  constructor(cluster: LiveCluster, nodes: readonly string[], chance: SeededChance) {
    this.#cluster = cluster;
    this.#chance = chance;
    this.#nodes = nodes.toSorted();
    for (const name of this.#nodes) this.#cordon(name);
    this.#drain(0);
  }

  /** Budgets that refused evictions, those that did so for longest first. */
  blocking(): readonly BlockingBudget[] {
    const refusing = new Set(this.#refused.values());
    return [...this.#blocking.values()]
      .map((one) =>
        refusing.has(one.budget) && one.ends === "allowed"
          ? { ...one, ends: "refused" as const, untilMs: this.#cluster.now }
          : one,
      )
      .toSorted(
        (one, other) =>
          other.untilMs - other.sinceMs - (one.untilMs - one.sinceMs) || (one.budget < other.budget ? -1 : 1),
      );
  }

  /** Nodes that are not empty. */
  notDrained(): readonly string[] {
    return this.#nodes.filter((name) => !this.#drained.has(name));
  }

  #cordon(name: string): void {
    const taints = this.#cluster.nodes.get(name)?.node.spec.taints ?? [];
    this.#cluster.changeNode(name, { unschedulable: true, taints: [...taints, UNSCHEDULABLE] });
    this.#cluster.log.add("node cordoned", this.#cluster.now, name);
  }

  #drain(index: number): void {
    const name = this.#nodes[index];
    if (name === undefined) return;
    const pods = this.#cluster.podsOf(name).filter(({ seed }) => !belongsToNode(seed.owner?.kind));
    let left = pods.length;
    let failed = false;
    const settle = (isGone: boolean): void => {
      failed ||= !isGone;
      left -= 1;
      if (left > 0) return;
      if (!failed) {
        this.#drained.add(name);
        this.#cluster.log.add("node drained", this.#cluster.now, name);
      }
      this.#drain(index + 1);
    };
    if (pods.length === 0) {
      left = 1;
      settle(true);
    }
    for (const pod of this.#chance.shuffle(pods)) this.#evict(pod, settle);
  }

  #evict(pod: LivePod, settle: (isGone: boolean) => void): void {
    if (pod.isGone) {
      this.#refused.delete(pod);
      settle(true);
      return;
    }
    const verdict = pod.isTerminating ? "granted" : this.#ask(pod);
    if (verdict === "failed") {
      settle(false);
      return;
    }
    if (verdict === "refused") {
      this.#cluster.queue.at(this.#cluster.now + RETRY_MS, () => this.#evict(pod, settle));
      return;
    }
    this.#refused.delete(pod);
    if (!pod.isTerminating) {
      this.#cluster.log.add("pod evicted", this.#cluster.now, pod.key);
      this.#cluster.deletePod(pod, "EvictionByEvictionAPI");
    }
    this.#cluster.whenGone(pod, () => settle(true));
  }

  #ask(pod: LivePod): "granted" | "refused" | "failed" {
    const budgets = budgetsOf(pod, this.#cluster);
    const [budget] = budgets;
    if (budget === undefined) return "granted";
    const names = budgets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    if (budgets.length > 1) {
      this.#cluster.log.add("eviction failed", this.#cluster.now, `${pod.key}: ${names.join(" and ")}`);
      this.#note(pod, names.toSorted().join(" and "), "two budgets");
      return "failed";
    }
    const { name, currentHealthy, desiredHealthy, disruptionsAllowed } = budgetStatus(budget, this.#cluster);
    if (!pod.isReady) {
      // One that is not ready costs nothing, as long as enough others are.
      if (budget.spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return "granted";
      if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return "granted";
    }
    if (disruptionsAllowed > 0) return "granted";
    this.#cluster.log.add("eviction refused", this.#cluster.now, `${pod.key} by ${name}`);
    this.#note(pod, name, "allowed");
    this.#refused.set(pod, name);
    return "refused";
  }

  #note(pod: LivePod, budget: string, ends: BlockingBudget["ends"]): void {
    const { now } = this.#cluster;
    const present = this.#blocking.get(budget) ?? { budget, pod: pod.key, sinceMs: now, untilMs: now, ends };
    this.#blocking.set(budget, { ...present, untilMs: now });
  }
}
