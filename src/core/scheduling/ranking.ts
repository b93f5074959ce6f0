/**
 * Which of the nodes that pass all filters is the best one: the scoring half of a scheduling cycle.
 * @module
 */
import type { NodeState } from "./cluster-state.ts";
import type { PlacedPod } from "./placed-pod.ts";
import { SCORERS } from "./scores/index.ts";
import type { ScoringScene } from "./scores/scorer.ts";

/** Nodes with the sum of all scores, each times its weight, in the order of the scene. */
export function totalScores(pod: PlacedPod, scene: ScoringScene): readonly number[] {
  const totals = scene.nodes.map(() => 0);
  for (const scorer of SCORERS)
    for (const [index, points] of (scorer.score(pod, scene) ?? []).entries())
      totals[index] = (totals[index] ?? 0) + scorer.weight * points;
  return totals;
}

/** The nodes with the highest score. Which one of several it becomes is chance. */
export function bestNodes(pod: PlacedPod, scene: ScoringScene): readonly NodeState[] {
  if (scene.nodes.length <= 1) return scene.nodes;
  const totals = totalScores(pod, scene);
  const highest = Math.max(...totals);
  return scene.nodes.filter((_, index) => totals[index] === highest);
}
