/**
 * The scheduler over time: pods that wait, the most important first, are given nodes, as fast as its client writes; those
 * that fit nowhere are tried again when something has changed.
 * @module
 */
import { findFeasible, type Feasibility } from "../../scheduling/feasibility.ts";
import { planPreemption } from "../../scheduling/preemption.ts";
import { bestNodes } from "../../scheduling/ranking.ts";
import type { SeededChance } from "../seeded-chance.ts";
import { budgetsNow } from "./budget-status.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { RequestLimit, SCHEDULER_LIMIT } from "./request-limit.ts";

/** A pod that fits nowhere waits so long before it is tried again, twice as long each time. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 10_000;

/** A victim's status is written, then it is deleted. */
const REQUESTS_OF_PREEMPTION = 2;

interface UnschedulablePod {
  readonly pod: LivePod;
  readonly attempts: number;
  readonly notBeforeMs: number;
  /** What was known of the cluster when it was tried. */
  readonly version: number;
}

/** What it is given. */
export interface SchedulingOptions {
  readonly chance: SeededChance;
  /** A pod is bound: its node can start it. */
  readonly onBound: (pod: LivePod) => void;
}

/** Places pods of one cluster. */
export class SchedulingLoop {
  readonly #cluster: LiveCluster;
  readonly #options: SchedulingOptions;
  readonly #limit = new RequestLimit(SCHEDULER_LIMIT);
  #active: { readonly pod: LivePod; readonly attempts: number }[] = [];
  #unschedulable: UnschedulablePod[] = [];
  /** How often something has changed that could help a pod. */
  #version = 0;
  /** Likenesses of pods that fitted nowhere, and of which version of the cluster that holds. */
  readonly #hopeless = new Map<number, number>();
  /** Replacements are as important as what they replace. */
  readonly #lowestPriority: number;
  #isAwake = false;
  /** Before this no pod that waits may be tried again. */
  #earliestMs = Number.POSITIVE_INFINITY;
  #flush: { readonly atMs: number; readonly callOff: () => void } | undefined;

  constructor(cluster: LiveCluster, options: SchedulingOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#lowestPriority = [...cluster.pods].reduce(
      (lowest, { form }) => Math.min(lowest, form.priority),
      Number.POSITIVE_INFINITY,
    );
    const waiting = [...cluster.pods].filter(({ node, isTerminating }) => node === undefined && !isTerminating);
    for (const pod of options.chance.shuffle(waiting)) this.podCreated(pod);
  }

  podCreated(pod: LivePod): void {
    this.#active.push({ pod, attempts: 0 });
    this.#wake();
  }

  /** Something has changed that could help a pod: one is gone, a node is there or has fewer taints. */
  clusterChanged(): void {
    this.#version += 1;
    this.#planFlush();
  }

  /** Pods that have no node. */
  pending(): readonly LivePod[] {
    return [...this.#active, ...this.#unschedulable].map(({ pod }) => pod).filter(({ isGone }) => !isGone);
  }

  /** Why a pod that waits fits nowhere at this moment: how many nodes there are for each reason. */
  explain(pod: LivePod): Feasibility {
    return findFeasible(pod.form, this.#cluster.state);
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#cluster.queue.at(this.#cluster.now, () => {
      this.#isAwake = false;
      const batch = this.#active.toSorted((one, other) => other.pod.form.priority - one.pod.form.priority);
      this.#active = [];
      for (const { pod, attempts } of batch) if (!pod.isGone) this.#schedule(pod, attempts);
    });
  }

  #schedule(pod: LivePod, attempts: number): void {
    if (!isNominated(pod) && this.#hopeless.get(pod.seed.likeness) === this.#version) {
      this.#putAside(pod, attempts);
      return;
    }
    const { state } = this.#cluster;
    const feasibility = findFeasible(pod.form, state);
    const node = this.#options.chance.pick(bestNodes(pod.form, { nodes: feasibility.nodes, state }));
    if (node === undefined) {
      if (!this.#makeRoom(pod, feasibility) && !isNominated(pod)) this.#hopeless.set(pod.seed.likeness, this.#version);
      this.#putAside(pod, attempts);
      return;
    }
    if (isNominated(pod)) this.#cluster.nominate(pod, undefined);
    this.#cluster.placePod(pod, node);
    this.clusterChanged();
    this.#cluster.log.add("replacement placed", this.#cluster.now, `${pod.replaces} on ${node.name}`);
    this.#cluster.queue.at(this.#limit.take(this.#cluster.now), () => {
      if (!pod.isGone) this.#options.onBound(pod);
    });
  }

  /** Victims go within their grace period; the pod waits for that. */
  #makeRoom(pod: LivePod, feasibility: Feasibility): boolean {
    // Nothing is less important: budgets need not be counted to know that nobody would give way.
    if (pod.form.priority <= this.#lowestPriority) return false;
    this.#cluster.state.disruptionBudgets = budgetsNow(this.#cluster);
    const candidate = this.#options.chance.pick(planPreemption(pod.form, this.#cluster.state, feasibility).best);
    if (candidate === undefined) return false;
    const pods = this.#cluster.podsOf(candidate.node.name);
    const victims = pods.filter(({ form }) => candidate.victims.includes(form));
    this.#cluster.nominate(pod, candidate.node);
    for (const victim of victims) {
      this.#limit.take(this.#cluster.now, REQUESTS_OF_PREEMPTION);
      this.#cluster.log.add("pod preempted", this.#cluster.now, victim.key);
      this.#preempted.add(victim.key);
      this.#cluster.deletePod(victim, "PreemptionByScheduler");
    }
    return true;
  }

  /** Pods that had to go for more important ones. */
  preempted(): ReadonlySet<string> {
    return this.#preempted;
  }

  readonly #preempted = new Set<string>();

  #putAside(pod: LivePod, attempts: number): void {
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** attempts, LONGEST_BACKOFF_MS);
    const notBeforeMs = this.#cluster.now + backoffMs;
    this.#unschedulable.push({ pod, attempts: attempts + 1, notBeforeMs, version: this.#version });
    this.#earliestMs = Math.min(this.#earliestMs, notBeforeMs);
  }

  /** Looks again as soon as any pod that waits may be tried again: whether it is worth it shows then. */
  #planFlush(): void {
    if (this.#unschedulable.length > 0) this.#flushAt(Math.max(this.#earliestMs, this.#cluster.now));
  }

  #flushAt(atMs: number): void {
    if (this.#flush !== undefined && this.#flush.atMs <= atMs) return;
    this.#flush?.callOff();
    this.#flush = { atMs, callOff: this.#cluster.queue.at(atMs, () => this.#retry()) };
  }

  #retry(): void {
    this.#flush = undefined;
    const { now } = this.#cluster;
    const isDue = ({ notBeforeMs, version }: UnschedulablePod): boolean =>
      notBeforeMs <= now && version < this.#version;
    this.#active.push(...this.#unschedulable.filter(isDue));
    this.#unschedulable = this.#unschedulable.filter((one) => !isDue(one));
    this.#earliestMs = earliestOf(this.#unschedulable);
    if (this.#active.length > 0) this.#wake();
    // Those for which something has changed, but whose time has not come.
    const changed = this.#unschedulable.filter(({ version }) => version < this.#version);
    if (changed.length > 0) this.#flushAt(earliestOf(changed));
  }
}

function earliestOf(pods: readonly UnschedulablePod[]): number {
  return pods.reduce((earliest, { notBeforeMs }) => Math.min(earliest, notBeforeMs), Number.POSITIVE_INFINITY);
}

function isNominated({ form }: LivePod): boolean {
  return form.pod.status.nominatedNodeName !== "";
}
