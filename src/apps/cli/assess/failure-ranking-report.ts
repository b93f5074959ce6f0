/**
 * All failures as people read them: the worst first, then what each Service cannot do without.
 * @module
 */
import type { FailureRanking, RankedFailure } from "../../../core/simulate/rank-failures.ts";
import { counted, paint, table } from "../output.ts";

const MOST_ROWS = 10;

/** The text for a terminal. @param word for what fails: `node`, `zone` or a label */
export function formatFailureRanking(ranking: FailureRanking, word: string): string {
  const { failures, tried, singlePoints, smallestSets } = ranking;
  if (failures.length === 0)
    return paint("green", `${counted(tried, "failure")} tried by ${word}: none breaks anything`);
  const shown = failures.slice(0, MOST_ROWS);
  const sets = smallestSets.slice(0, MOST_ROWS);
  return [
    `${counted(tried, "failure")} tried by ${word}: ${failures.length} break something, ${counted(singlePoints.length, "single point")} of failure`,
    "",
    table([["LOST", "NODES", "STAYS BELOW NEED", "BELOW UNTIL REPLACED", "NO PLACE", ""], ...shown.map(rowOf)]),
    ...more(failures.length - shown.length, "failure"),
    "",
    "the fewest losses that leave a Service below what it needs:",
    ...sets.map(
      ({ service, sets: own }) =>
        `  ${service}: ${listOf(
          own.map((set) => set.join(" and ")),
          " or ",
        )}`,
    ),
    ...more(smallestSets.length - sets.length, "Service"),
  ].join("\n");
}

function rowOf({
  domains,
  nodes,
  staysBelow,
  dropsBelow,
  pending,
  losesControlPlane,
}: RankedFailure): readonly string[] {
  return [
    domains.join(" and "),
    `${nodes}`,
    staysBelow.length === 0 ? "-" : paint("red", listOf(staysBelow, ", ")),
    dropsBelow.length === 0 ? "-" : paint("yellow", listOf(dropsBelow, ", ")),
    `${pending}`,
    losesControlPlane ? paint("red", "takes the control plane with it") : "",
  ];
}

function listOf(names: readonly string[], separator: string): string {
  return names.length <= 2
    ? names.join(separator)
    : `${names.slice(0, 2).join(separator)} and ${names.length - 2} more`;
}

function more(count: number, what: string): readonly string[] {
  return count > 0 ? [`and ${counted(count, what)} more: -o json has all`] : [];
}
