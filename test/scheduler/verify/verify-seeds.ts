/**
 * Case after case, with what is said of it on the way.
 * @module
 */
import { stringify } from "yaml";
import { KubeError } from "../../../src/adapters/kube/kube-error.ts";
import { predict } from "../predict.ts";
import type { CaseMode, SchedulerCase } from "../scheduler-case.ts";
import type { AskedScheduler } from "./ask-scheduler.ts";
import type { Difference } from "./compare.ts";
import { decidingRule, RULE_NAMES } from "./rule-of-reason.ts";
import { shrinkCase } from "./shrink-case.ts";
import { Trouble } from "./trouble.ts";
import { verifyCase, verifyTwice } from "./verify-case.ts";

/** How often a case may be tried while it is shrunk. */
const SHRINK_LIMIT = 600;

/** Fewer probes than this that a rule has decided alone prove little about it. */
const ENOUGH_ALONE = 50;

/** Between two words of progress, in milliseconds. */
const PROGRESS_MS = 10_000;

/** Which cases, and where what comes of them goes. */
export interface SeedsToVerify {
  readonly seeds: Iterable<number>;
  readonly mode: CaseMode;
  readonly generate: (seed: number, mode: CaseMode) => SchedulerCase;
  readonly shrinks: boolean;
  readonly print: (line: string) => void;
  /** Ends after the case that is under way. */
  readonly signal: AbortSignal;
}

/** What came of all of them. */
export interface SeedsVerified {
  readonly compared: number;
  readonly differing: number;
}

/** Compares, and prints differences and sums. @throws KubeError, Trouble */
export async function verifySeeds(asked: AskedScheduler, todo: SeedsToVerify): Promise<SeedsVerified> {
  const { mode, print } = todo;
  const alone = new Map<string, number>();
  const begun = performance.now();
  let spoken = begun;
  const sum = { cases: 0, compared: 0, differing: 0, passing: 0 };
  for (const seed of todo.seeds) {
    if (todo.signal.aborted) break;
    const one = todo.generate(seed, mode);
    const { answers, differences, passing } = await verified(asked, one);
    sum.cases += 1;
    sum.compared += answers.length;
    sum.passing += passing;
    sum.differing += new Set(differences.map(({ pod }) => pod)).size;
    for (const rule of answers.map(decidingRule)) if (rule !== undefined) alone.set(rule, (alone.get(rule) ?? 0) + 1);
    if (differences.length > 0) {
      for (const difference of differences) print(describe(difference, one, asked));
      if (todo.shrinks) print(stringifyCase(await shrunk(asked, one, differences)));
    }
    if (performance.now() - spoken > PROGRESS_MS) {
      spoken = performance.now();
      print(
        `${sum.cases} cases, ${sum.compared} compared, ${sum.differing} differ, ${perMinute(sum.compared, begun)} a minute`,
      );
    }
  }
  print(`${sum.cases} cases in ${seconds(begun)} s, ${perMinute(sum.compared, begun)} probes a minute`);
  if (sum.passing > 0) print(`${sum.passing} differences were there once and not in a fresh start of the case`);
  for (const rule of RULE_NAMES) print(aloneLine(rule, alone.get(rule) ?? 0));
  if (alone.has("unknown")) print(`warning: ${alone.get("unknown")} decided by a reason that belongs to no rule`);
  return sum;
}

/** A case that an API server refuses is wrong, and has to be mended where it is made. */
async function verified(asked: AskedScheduler, one: SchedulerCase): ReturnType<typeof verifyTwice> {
  try {
    return await verifyTwice(asked, one);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status < 400 || error.status >= 500) throw error;
    throw new Trouble("usage", `the API server refuses the case of seed ${one.seed} (${one.mode}): ${error.message}`);
  }
}

/** The smallest case in which the same pod differs in the same. */
async function shrunk(
  asked: AskedScheduler,
  one: SchedulerCase,
  differences: readonly Difference[],
): Promise<SchedulerCase> {
  const [first] = differences;
  return await shrinkCase(
    one,
    async (smaller) => {
      try {
        // One that is no case any more is not even made.
        predict(smaller);
        const again = await verifyCase(asked, smaller);
        return again.differences.some(({ pod, kind }) => pod === first?.pod && kind === first.kind);
      } catch (error) {
        if (error instanceof Trouble || (error instanceof KubeError && error.status === 0)) throw error;
        // It has become one that cannot be.
        return false;
      }
    },
    SHRINK_LIMIT,
  );
}

function describe(
  { pod, kind, model, scheduler }: Difference,
  { seed, mode }: SchedulerCase,
  { extender, ranks }: AskedScheduler,
): string {
  const rank = ranks && extender !== undefined ? " --rank" : "";
  return `seed ${seed}, ${mode}, ${pod}: ${kind}\n  model:     ${model}\n  scheduler: ${scheduler}\n  again:     --seed ${seed} --cases 1 --mode ${mode}${rank}`;
}

function stringifyCase({ objects, pending }: SchedulerCase): string {
  const all = [...objects, ...pending].map((object) => stringify(object).trimEnd()).join("\n---\n");
  return `the smallest case of that:\n${all}`.replaceAll("\n", "\n  ");
}

function aloneLine(rule: string, count: number): string {
  const warning = count < ENOUGH_ALONE ? `  warning: fewer than ${ENOUGH_ALONE}` : "";
  return `decided alone by ${rule.padEnd(20)} ${String(count).padStart(6)}${warning}`;
}

function perMinute(count: number, since: number): number {
  return Math.round((count * 60_000) / Math.max(1, performance.now() - since));
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(1);
}
