/**
 * What two results of the same question differ in: for pull requests.
 * @module
 */

/** As much of a result as is compared. */
export interface ComparableImpact {
  readonly services: readonly ComparableService[];
  readonly pending: readonly { readonly workload: string }[];
}

/** A Service of it. */
export interface ComparableService {
  readonly service: string;
  readonly endsBelowNeeds: { readonly kind: string };
  readonly belowNeedsMs: { readonly most: number };
  readonly noneMs: { readonly most: number };
}

/** One thing that is not what it was. */
export interface ImpactChange {
  /** `<namespace>/<name>` of a Service, or `<kind> <namespace>/<name>` of a workload. */
  readonly subject: string;
  readonly what: "seconds with none" | "seconds below need" | "ends below need" | "pods without a place";
  readonly before: number | string;
  readonly now: number | string;
}

/** What got worse and what got better. A Service that is in only one of the results was not hit in the other. */
export interface ImpactComparison {
  readonly worse: readonly ImpactChange[];
  readonly better: readonly ImpactChange[];
}

/** Compares a result with an older one. */
export function compareImpacts(old: ComparableImpact, now: ComparableImpact): ImpactComparison {
  const changes = [...serviceChanges(old, now), ...pendingChanges(old, now)];
  return {
    worse: changes.filter(({ isWorse }) => isWorse).map(({ change }) => change),
    better: changes.filter(({ isWorse }) => !isWorse).map(({ change }) => change),
  };
}

interface JudgedChange {
  readonly isWorse: boolean;
  readonly change: ImpactChange;
}

/** How bad each kind of certainty is, from that it cannot happen to that it must. */
const CERTAINTIES = ["impossible", "never", "possible", "always", "proved"];

function serviceChanges(old: ComparableImpact, now: ComparableImpact): readonly JudgedChange[] {
  const names = [...new Set([...old.services, ...now.services].map(({ service }) => service))].toSorted();
  return names.flatMap((subject) => {
    const [before, after] = [old, now].map(({ services }) => services.find(({ service }) => service === subject));
    const [was, is] = [before, after].map((one) => one?.endsBelowNeeds.kind ?? "never");
    const ends = CERTAINTIES.indexOf(is ?? "never") - CERTAINTIES.indexOf(was ?? "never");
    // Whether few seeds or a proof say that nothing happens is no change of what happens.
    const isSafe = [was, is].every((kind) => kind === "never" || kind === "impossible");
    return [
      ...difference(subject, "seconds with none", [seconds(before?.noneMs), seconds(after?.noneMs)]),
      ...difference(subject, "seconds below need", [seconds(before?.belowNeedsMs), seconds(after?.belowNeedsMs)]),
      ...(ends === 0 || isSafe
        ? []
        : [
            {
              isWorse: ends > 0,
              change: { subject, what: "ends below need" as const, before: was ?? "never", now: is ?? "never" },
            },
          ]),
    ];
  });
}

function pendingChanges(old: ComparableImpact, now: ComparableImpact): readonly JudgedChange[] {
  const count = ({ pending }: ComparableImpact, subject: string): number =>
    pending.filter(({ workload }) => workload === subject).length;
  const workloads = [...new Set([...old.pending, ...now.pending].map(({ workload }) => workload))].toSorted();
  return workloads.flatMap((subject) =>
    difference(subject, "pods without a place", [count(old, subject), count(now, subject)]),
  );
}

function difference(
  subject: string,
  what: ImpactChange["what"],
  [before, now]: readonly [number, number],
): readonly JudgedChange[] {
  return before === now ? [] : [{ isWorse: now > before, change: { subject, what, before, now } }];
}

function seconds(range: { readonly most: number } | undefined): number {
  return (range?.most ?? 0) / 1000;
}
