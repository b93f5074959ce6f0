/**
 * Pods that wait are placed one after the other, with chance decided by a seed.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Pod } from "../../model/snapshot/pod.ts";
import { ClusterState, type NodeState } from "../scheduling/cluster-state.ts";
import { type Feasibility, findFeasible } from "../scheduling/feasibility.ts";
import { type PlacedPod, placedPod } from "../scheduling/placed-pod.ts";
import { planPreemption } from "../scheduling/preemption.ts";
import { bestNodes } from "../scheduling/ranking.ts";
import { SeededChance } from "./seeded-chance.ts";

/** What became of one pod that waited. */
export interface PlacementOutcome {
  readonly pod: Pod;
  /** Its node; absent where it still waits. */
  readonly node?: string;
  /** How many nodes were rejected for each reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What came of one seed. */
export interface PlacementRun {
  readonly outcomes: readonly PlacementOutcome[];
  /** Pods that had to go for more important ones; they wait for a place themselves. */
  readonly preempted: readonly Pod[];
}

/** Preempted pods preempt others in turn, but each preemption is for a more important pod: this many rounds never happen. */
const MOST_ROUNDS = 100_000;

/** Places pods as one seed has it: the most important ones first, those of the same priority in any order. */
export function placeAll(snapshot: ClusterSnapshot, waiting: readonly Pod[], seed: number): PlacementRun {
  const chance = new SeededChance(seed);
  const state = new ClusterState(snapshot);
  const queue = chance.shuffle(waiting.map(placedPod)).toSorted((one, other) => other.priority - one.priority);
  const outcomes: PlacementOutcome[] = [];
  const preempted: PlacedPod[] = [];
  for (let round = 0; queue.length > 0 && round < MOST_ROUNDS; round += 1) {
    const pod = queue.shift();
    if (pod === undefined) break;
    const feasibility = findFeasible(pod, state);
    const reasons = countReasons(feasibility);
    const node = chance.pick(bestNodes(pod, { nodes: feasibility.nodes, state })) ?? makeRoom(pod, feasibility);
    if (node !== undefined) state.place(pod, node);
    outcomes.push({ pod: pod.pod, reasons, ...(node === undefined ? {} : { node: node.name }) });
  }
  return { outcomes, preempted: preempted.map(({ pod }) => pod) };

  function makeRoom(pod: PlacedPod, feasibility: Feasibility): NodeState | undefined {
    const candidate = chance.pick(planPreemption(pod, state, feasibility).best);
    for (const victim of candidate?.victims ?? []) {
      if (candidate !== undefined) state.remove(victim, candidate.node);
      preempted.push(victim);
      if (hasController(victim)) queue.push(waitingAgain(victim));
    }
    queue.sort((one, other) => other.priority - one.priority);
    return candidate?.node;
  }
}

function hasController({ pod }: PlacedPod): boolean {
  return pod.metadata.ownerReferences.some(({ controller }) => controller);
}

function waitingAgain({ pod }: PlacedPod): PlacedPod {
  return placedPod({ ...pod, spec: { ...pod.spec, nodeName: "" }, status: { ...pod.status, phase: "Pending" } });
}

function countReasons({ rejections, refusal }: Feasibility): Readonly<Record<string, number>> {
  if (refusal !== undefined) return { [refusal]: 0 };
  const reasons: Record<string, number> = {};
  for (const rejection of rejections.values())
    for (const reason of rejection.reasons) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return reasons;
}
