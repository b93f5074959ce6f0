/**
 * Taints and who tolerates them. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 * @module
 */
import type { Taint } from "../../model/snapshot/node.ts";
import type { Toleration } from "../../model/snapshot/pod.ts";

/** The first taint that keeps a pod from being placed on the node. `PreferNoSchedule` keeps none. */
export function untoleratedTaint(taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined {
  return taints.find((taint) => keepsAway(taint) && !tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** Whether one toleration covers one taint. `Lt` and `Gt` are behind a feature gate that is off in 1.36: they cover none. */
export function tolerates(
  { key, operator, value, effect }: Toleration,
  taint: Pick<Taint, "key" | "value" | "effect">,
): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return (operator === "" || operator === "Equal") && value === taint.value;
}

function keepsAway({ effect }: Taint): boolean {
  return effect === "NoSchedule" || effect === "NoExecute";
}
