/**
 * Disruption budgets as evidence.
 * @module
 */
import type { PodDisruptionBudget } from "../../model/snapshot/disruption-budget.ts";
import type { AuditObject, Field } from "./audit-object.ts";

/** A budget as an object of the audit. */
export function budgetObject(object: PodDisruptionBudget): AuditObject {
  return { kind: "PodDisruptionBudget", object };
}

/** The field that decides. */
export function budgetField(budget: PodDisruptionBudget): Field {
  const of = budgetObject(budget);
  const { minAvailable, maxUnavailable } = budget.spec;
  if (minAvailable !== undefined) return { of, path: ["spec", "minAvailable"], value: minAvailable };
  return { of, path: ["spec", "maxUnavailable"], ...(maxUnavailable === undefined ? {} : { value: maxUnavailable }) };
}
