import { formatProblem } from "../../../model/problem.ts";
import type { ClusterFiles } from "./read-cluster-files.ts";

/** Says on standard error what was left out, while the rest goes on. */
export function reportLeftOut({ problems, otherKinds }: ClusterFiles): void {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  const kinds = [...otherKinds].map(([kind, count]) => `${count} ${kind === "" ? "without a kind" : kind}`);
  if (kinds.length > 0) process.stderr.write(`not looked at: ${kinds.toSorted().join(", ")}\n`);
}
