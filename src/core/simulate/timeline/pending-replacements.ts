/**
 * Pods that find no place, with why: of all seeds together, and without those that find none without a loss either.
 * @module
 */
import { type Certainty, certaintyOf } from "./certainty.ts";
import type { TimelineRun, WaitingPod } from "./run-timeline.ts";

/** Nodes that were rejected for one reason. */
export interface RejectedNodes {
  /** In the words of the scheduler. */
  readonly reason: string;
  /** How many; 0 where the reason is not about nodes. */
  readonly nodes: number;
  /** The first three by name. */
  readonly examples: readonly string[];
}

/** A replacement without a place at the end. */
export interface PendingReplacement {
  /** `<namespace>/<name>` of the pod that it replaces; of itself where it had a place without the loss. */
  readonly replaces: string;
  /** `<kind> <namespace>/<name>` of its controller. */
  readonly workload: string;
  readonly certainty: Certainty;
  /** Of the first seed that shows it, at its end; most nodes first. */
  readonly reasons: readonly RejectedNodes[];
}

/** The most certain first. @param baselines the same seeds without the loss; none where nothing waits then */
export function pendingPods(
  runs: readonly TimelineRun[],
  baselines: readonly TimelineRun[],
): readonly PendingReplacement[] {
  const waiting = runs.flatMap(({ seed, waiting: pods }, index) => {
    const anyway = new Set((baselines[index]?.waiting ?? []).map(({ replaces }) => replaces));
    return pods.filter(({ replaces }) => !anyway.has(replaces)).map((pod) => ({ seed, pod }));
  });
  return [...Map.groupBy(waiting, ({ pod }) => pod.replaces)]
    .map(([replaces, all]) => {
      const holding = [...new Set(all.map(({ seed }) => seed))];
      const [first] = all;
      return {
        replaces,
        workload: first?.pod.workload ?? "",
        certainty: certaintyOf(holding, runs.length),
        reasons: first === undefined ? [] : rejectedNodes(first.pod.reasons),
        seeds: holding.length,
      };
    })
    .toSorted((one, other) => other.seeds - one.seeds || (one.replaces < other.replaces ? -1 : 1))
    .map(({ seeds: _seeds, ...pod }) => pod);
}

/** Reasons with their nodes, most nodes first. */
export function rejectedNodes(reasons: WaitingPod["reasons"]): readonly RejectedNodes[] {
  return [...reasons]
    .map(([reason, nodes]) => ({ reason, nodes: nodes.length, examples: nodes.toSorted().slice(0, 3) }))
    .toSorted((one, other) => other.nodes - one.nodes || (one.reason < other.reason ? -1 : 1));
}
