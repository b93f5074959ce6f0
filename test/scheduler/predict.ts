/**
 * What the model says of a case.
 * @module
 */
import { type ClusterState, ClusterState as State } from "../../src/core/scheduling/cluster-state.ts";
import { type Feasibility, findFeasible } from "../../src/core/scheduling/feasibility.ts";
import { type PlacedPod, placedPod } from "../../src/core/scheduling/placed-pod.ts";
import { planPreemption } from "../../src/core/scheduling/preemption.ts";
import { bestNodes } from "../../src/core/scheduling/ranking.ts";
import { readSnapshot } from "../../src/model/snapshot/read-snapshot.ts";
import { type Answer, drawNode, type PossiblePreemption, type SchedulerCase } from "./scheduler-case.ts";

/**
 * An answer for each pending pod.
 * @throws Error when an object of the case is not of its kind's form: the case is wrong
 */
export function predict({ mode, seed, objects, pending }: SchedulerCase): readonly Answer[] {
  const { snapshot, problems } = readSnapshot([...objects, ...pending]);
  if (problems.length > 0) throw new Error(`the case of seed ${seed} is wrong: ${JSON.stringify(problems)}`);
  const names = new Set(pending.map(keyOf));
  const state = new State({
    ...snapshot,
    pods: snapshot.pods.filter((pod) => !names.has(keyOf(pod))),
  });
  const pods = snapshot.pods.filter((pod) => names.has(keyOf(pod))).map(placedPod);
  return pods.map((pod, index) => {
    const feasibility = findFeasible(pod, state);
    const answer = answerOf(pod, state, feasibility);
    if (mode === "preempt") return { ...answer, preemptions: preemptionsOf(pod, state, feasibility) };
    if (mode === "probe") return answer;
    const placedOn = drawNode(seed, index, answer.feasible);
    const node = state.node(placedOn ?? "");
    if (node !== undefined) state.place(pod, node);
    return placedOn === undefined ? answer : { ...answer, placedOn };
  });
}

function answerOf(pod: PlacedPod, state: ClusterState, { nodes, rejections, refusal }: Feasibility): Answer {
  const reasons: Record<string, number> = {};
  for (const rejection of rejections.values())
    for (const reason of rejection.reasons) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const feasible = nodes.map(({ name }) => name).toSorted();
  const best = bestNodes(pod, { nodes, state })
    .map(({ name }) => name)
    .toSorted();
  return { pod: pod.key, feasible, best, reasons, ...(refusal === undefined ? {} : { refusal }) };
}

function preemptionsOf(pod: PlacedPod, state: ClusterState, feasibility: Feasibility): readonly PossiblePreemption[] {
  if (feasibility.nodes.length > 0) return [];
  return planPreemption(pod, state, feasibility).best.map(({ node, victims }) => ({
    node: node.name,
    victims: victims.map(({ key }) => key).toSorted(),
  }));
}

function keyOf({ metadata }: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${metadata.namespace ?? "default"}/${metadata.name}`;
}
