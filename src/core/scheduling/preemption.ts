/**
 * Which pods would have to go for a pod that can run nowhere: the DefaultPreemption plugin.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 * @module
 */
import type { PodDisruptionBudget } from "../../model/snapshot/disruption-budget.ts";
import type { ClusterState, NodeState } from "./cluster-state.ts";
import { changePod, checkNode, type Feasibility, prepareFilters, type PreparedState } from "./feasibility.ts";
import type { PlacedPod } from "./placed-pod.ts";
import { selectionOf } from "./selection.ts";

/** The pods that would go from one node. */
export interface PreemptionCandidate {
  readonly node: NodeState;
  /** The most important first. */
  readonly victims: readonly PlacedPod[];
  /** How many of them a disruption budget would have kept. */
  readonly budgetViolations: number;
}

/** What a preemption can come to. */
export interface Preemption {
  /** Every node where it would help. */
  readonly candidates: readonly PreemptionCandidate[];
  /** Those that are as good as each other and better than the rest: which one it becomes is chance. */
  readonly best: readonly PreemptionCandidate[];
  /** There are more nodes in question than the scheduler looks at: it may miss the best ones. */
  readonly isSampled: boolean;
}

/** The scheduler looks at a tenth of the nodes in question, but at this many at least. */
const CANDIDATES_LOOKED_AT = 100;

/**
 * Works out a preemption for a pod that was rejected everywhere. Empty where it may not preempt, or it would not help.
 * The state is as before when it returns.
 */
export function planPreemption(pod: PlacedPod, state: ClusterState, { rejections }: Feasibility): Preemption {
  const none = { candidates: [], best: [], isSampled: false };
  if (pod.pod.spec.preemptionPolicy === "Never" || waitsForVictims(pod, state, rejections)) return none;
  const run = prepareFilters(pod, state);
  if ("refusal" in run) return none;
  const inQuestion = state.nodes.filter((node) => rejections.get(node)?.canPreempt === true);
  const candidates = inQuestion.flatMap((node) => selectVictims(pod, node, { run, state }) ?? []);
  return { candidates, best: bestOf(candidates), isSampled: inQuestion.length > CANDIDATES_LOOKED_AT };
}

/** Room is being made for it already: the pods that have to go are still going. */
function waitsForVictims(pod: PlacedPod, state: ClusterState, rejections: Feasibility["rejections"]): boolean {
  const node = state.node(pod.pod.status.nominatedNodeName);
  if (node === undefined || rejections.get(node)?.canPreempt === false) return false;
  return [...node.pods].some((other) => other.priority < pod.priority && isBeingPreempted(other));
}

function isBeingPreempted({ pod, isTerminating }: PlacedPod): boolean {
  const target = pod.status.conditions.find(({ type }) => type === "DisruptionTarget");
  return isTerminating && target?.status === "True" && target.reason === "PreemptionByScheduler";
}

/** The fewest pods that have to go: all that could go are taken away, and as many as fit are put back. */
function selectVictims(pod: PlacedPod, node: NodeState, prepared: PreparedState): PreemptionCandidate | undefined {
  const potential = [...node.pods].filter(({ priority }) => priority < pod.priority);
  if (potential.length === 0) return undefined;
  const present = [...node.pods];
  for (const other of potential) changePod(other, node, prepared, -1);
  const victims: PlacedPod[] = [];
  let budgetViolations = 0;
  const helps = checkNode(pod, node, prepared) === undefined;
  if (helps) {
    const { violating, others } = byBudget(potential.toSorted(moreImportantFirst), prepared.state.disruptionBudgets);
    for (const other of [...violating, ...others]) {
      changePod(other, node, prepared, 1);
      if (checkNode(pod, node, prepared) === undefined) continue;
      changePod(other, node, prepared, -1);
      victims.push(other);
      if (violating.includes(other)) budgetViolations += 1;
    }
  }
  for (const other of present) if (!node.pods.has(other)) changePod(other, node, prepared, 1);
  if (!helps || victims.length === 0) return undefined;
  return { node, victims: victims.toSorted(moreImportantFirst), budgetViolations };
}

/** By priority, and of the same one those that run longer. */
function moreImportantFirst(one: PlacedPod, other: PlacedPod): number {
  return other.priority - one.priority || compareText(startOf(one), startOf(other));
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** One that has not started yet starts now: later than all others. */
function startOf({ pod }: PlacedPod): string {
  return pod.status.startTime ?? "9999";
}

/** Pods that budgets would keep, and the others; each in the order that they came in, which uses the budgets up. */
function byBudget(
  pods: readonly PlacedPod[],
  budgets: readonly PodDisruptionBudget[],
): { readonly violating: readonly PlacedPod[]; readonly others: readonly PlacedPod[] } {
  const counted = budgets.map((budget) => ({
    budget,
    selection: selectionOf(budget.spec.selector),
    left: budget.status.disruptionsAllowed,
  }));
  const isKept = (pod: PlacedPod): boolean => {
    if (Object.keys(pod.labels).length === 0) return false;
    let kept = false;
    for (const one of counted) {
      const { metadata, status } = one.budget;
      if (metadata.namespace !== pod.namespace || one.selection.isEmpty || !one.selection.matches(pod.labels)) continue;
      if (status.disruptedPods[pod.pod.metadata.name] !== undefined) continue;
      one.left -= 1;
      if (one.left < 0) kept = true;
    }
    return kept;
  };
  const kept = new Set(pods.filter(isKept));
  return { violating: pods.filter((pod) => kept.has(pod)), others: pods.filter((pod) => !kept.has(pod)) };
}

/** The smallest priority that there is: with it added, every victim counts. */
const PRIORITY_SPAN = 2 ** 31;

/** Each decides among those that the ones before it left. */
const PREFERENCES: readonly ((candidate: PreemptionCandidate) => number | string)[] = [
  ({ budgetViolations }) => -budgetViolations,
  ({ victims }) => -(victims[0]?.priority ?? 0),
  ({ victims }) => -victims.reduce((sum, { priority }) => sum + priority + PRIORITY_SPAN, 0),
  ({ victims }) => -victims.length,
  // The one whose most important victims have run for the shortest time.
  ({ victims }) =>
    victims
      .filter(({ priority }) => priority === victims[0]?.priority)
      .map(startOf)
      .reduce((earliest, start) => (start < earliest ? start : earliest), "9999"),
];

function bestOf(candidates: readonly PreemptionCandidate[]): readonly PreemptionCandidate[] {
  return PREFERENCES.reduce<readonly PreemptionCandidate[]>((left, prefer) => {
    const scored = left.map((candidate) => ({ candidate, score: prefer(candidate) }));
    const best = scored.reduce<number | string | undefined>(
      (highest, { score }) => (highest === undefined || score > highest ? score : highest),
      undefined,
    );
    return scored.filter(({ score }) => score === best).map(({ candidate }) => candidate);
  }, candidates);
}
