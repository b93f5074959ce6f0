import type { LabelSelector } from "../../model/network-policy.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether labels are selected. */
export function matches(selector: LabelSelector, labels: Labels): boolean {
  return requirementsOf(selector).every((requirement) => isMet(requirement, labels[requirement.key]));
}

/**
 * Whether something is selected of which some labels are known: undefined where that depends on the others. What is asked
 * for not to be there is one of these.
 */
export function matchesKnown(selector: LabelSelector, known: Labels): boolean | undefined {
  const requirements = requirementsOf(selector);
  const decided = requirements.filter(({ key }) => Object.hasOwn(known, key));
  if (decided.some((requirement) => !isMet(requirement, known[requirement.key]))) return false;
  return decided.length === requirements.length ? true : undefined;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Requirement[] {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: "In", values: [value] }));
  return [...labels, ...matchExpressions];
}

function isMet({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const isListed = value !== undefined && values.includes(value);
  return operator === "In" ? isListed : !isListed;
}
