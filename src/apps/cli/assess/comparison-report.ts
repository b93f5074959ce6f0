/**
 * A result beside an older one, for pull requests.
 * @module
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { ImpactChange, ImpactComparison } from "../../../core/simulate/timeline/compare-impacts.ts";
import type { TimelineImpact } from "../../../core/simulate/timeline/simulate-timeline.ts";
import { TandemError } from "../../../model/errors.ts";
import { paint } from "../output.ts";
import { clockWords } from "./certainty-words.ts";

const Most = z.object({ most: z.number() });

/** As much of a result as is compared. */
const OldImpact = z.object({
  form: z.string(),
  untilMs: z.number(),
  services: z.array(
    z.object({
      service: z.string(),
      endsBelowNeeds: z.object({ kind: z.string() }),
      belowNeedsMs: Most,
      noneMs: Most,
    }),
  ),
  pending: z.array(z.object({ workload: z.string() })),
});

type OldImpact = z.infer<typeof OldImpact>;

/**
 * Reads a result that `tandem simulate --lose ... -o json` wrote.
 * @throws TandemError InvalidArgument when it is not there or is no such result
 */
export async function readOldImpact(path: string): Promise<OldImpact> {
  const content = await readFile(path, "utf8").catch((error: unknown) => refuse(path, "cannot be read", error));
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return refuse(path, "is not JSON", error);
  }
  const parsed = OldImpact.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(path, `is no result: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, parsed.error);
}

function refuse(path: string, problem: string, cause: unknown): never {
  throw new TandemError("InvalidArgument", `--compare ${path} ${problem}`, {
    cause,
    remedy: "Name a file that `tandem simulate ... --lose ... -o json` has written",
  });
}

/** What got worse and what got better, as people read it. Of results of two questions it says so. */
export function formatComparison({ worse, better }: ImpactComparison, old: OldImpact, now: TimelineImpact): string {
  const isOther = old.form !== now.form || old.untilMs !== now.untilMs;
  const other = isOther ? [`the older result is of another question: ${old.form}, ${clockWords(old.untilMs)}`] : [];
  if (worse.length + better.length === 0) return [...other, "compared: nothing is other than before"].join("\n");
  return [
    ...other,
    ...worse.map((change) => paint("red", `worse: ${changeWords(change)}`)),
    ...better.map((change) => paint("green", `better: ${changeWords(change)}`)),
  ].join("\n");
}

function changeWords({ subject, what, before, now }: ImpactChange): string {
  return `${subject}: ${what} ${before} -> ${now}`;
}
