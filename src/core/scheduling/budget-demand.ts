/**
 * What disruption budgets demand. https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 * @module
 */
import type { PodDisruptionBudget } from "../../model/snapshot/disruption-budget.ts";

/** How many pods have to stay healthy of those that are expected. Both kinds of percentages round up, as the controller does. */
export function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec.minAvailable !== undefined) return amountOf(spec.minAvailable, expected);
  if (spec.maxUnavailable === undefined) return 0;
  return Math.max(0, expected - amountOf(spec.maxUnavailable, expected));
}

/** Whether it needs a controller with a scale: all but a whole number of `minAvailable`. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === "string";
}

/** A number, or a share of all that is rounded up. What is neither counts as 0. */
function amountOf(amount: number | string, all: number): number {
  if (typeof amount === "number") return amount;
  const percent = /^(\d+)%$/.exec(amount)?.[1];
  return percent === undefined ? 0 : Math.ceil((Number(percent) / 100) * all);
}
