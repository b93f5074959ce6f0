/**
 * What the model says of a pod beside what a scheduler did with it.
 * @module
 */
import type { Answer, PossiblePreemption } from "../scheduler-case.ts";
import { PASSED } from "./extender.ts";
import { parseFailureMessage } from "./failure-message.ts";

/** What a scheduler did with one pod. */
export interface Observed {
  /** `<namespace>/<name>`. */
  readonly pod: string;
  /** Nodes that passed all filters; absent where nobody was asked about them. */
  readonly feasible?: readonly string[];
  /** Of the condition PodScheduled, where that is False. */
  readonly message?: string;
  readonly placedOn?: string;
  /** Where room is being made for it, and by which pods, `<namespace>/<name>`, sorted. */
  readonly preemption?: PossiblePreemption;
}

/** What can differ. */
export type DifferenceKind = "feasible" | "reasons" | "refusal" | "placement" | "preemption" | "no answer";

/** One difference. */
export interface Difference {
  readonly pod: string;
  readonly kind: DifferenceKind;
  readonly model: string;
  readonly scheduler: string;
}

/** How the scheduler was asked. */
export interface HowAsked {
  /** Whether an extender heard which nodes passed. */
  readonly extender: boolean;
  /** Whether it chose by its scores among them. */
  readonly ranks: boolean;
}

/** Everything in which they differ; empty when they agree. */
export function compare(answer: Answer, observed: Observed, { extender, ranks }: HowAsked): readonly Difference[] {
  const differ = (kind: DifferenceKind, model: unknown, scheduler: unknown): Difference[] =>
    isSame(model, scheduler) ? [] : [{ pod: answer.pod, kind, model: text(model), scheduler: text(scheduler) }];
  if (observed.message === undefined && observed.placedOn === undefined)
    return differ("no answer", "an answer", "none within the time limit");
  return [
    ...(extender ? differ("feasible", answer.feasible, (observed.feasible ?? []).toSorted()) : []),
    ...comparePlacement(answer, observed, ranks).flatMap((pair) => differ("placement", ...pair)),
    ...(observed.message === undefined ? [] : compareMessage(answer, observed.message, differ)),
    ...comparePreemption(answer, observed).flatMap((pair) => differ("preemption", ...pair)),
  ];
}

type Differ = (kind: DifferenceKind, model: unknown, scheduler: unknown) => Difference[];

function compareMessage(answer: Answer, message: string, differ: Differ): readonly Difference[] {
  const said = parseFailureMessage(message);
  if (said.form === "refusal") return differ("refusal", answer.refusal ?? sorted(answer.reasons), said.text);
  const { [PASSED]: _, ...reasons } = said.reasons;
  return answer.refusal === undefined
    ? differ("reasons", sorted(answer.reasons), sorted(reasons))
    : differ("refusal", answer.refusal, sorted(reasons));
}

/** Either it was said where the pod goes, or it goes to one of the best nodes. */
function comparePlacement(answer: Answer, { placedOn }: Observed, ranks: boolean): readonly [unknown, unknown][] {
  if (!ranks) return [[answer.placedOn ?? null, placedOn ?? null]];
  if (answer.best.length === 0) return [[null, placedOn ?? null]];
  return placedOn !== undefined && answer.best.includes(placedOn)
    ? []
    : [[`one of ${answer.best.join(", ")}`, placedOn ?? null]];
}

/** Where nodes pass, the extender keeps them back, and the scheduler tries to make room on the others: not what was asked. */
function comparePreemption({ feasible, preemptions }: Answer, { preemption }: Observed): readonly [unknown, unknown][] {
  if (preemptions === undefined || feasible.length > 0 || preemptions.some((one) => isSame(one, preemption))) return [];
  return preemptions.length === 0 && preemption === undefined ? [] : [[preemptions, preemption ?? null]];
}

function sorted(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isSame(one: unknown, other: unknown): boolean {
  return text(one) === text(other);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
