/**
 * What becomes of one Service in all runs together.
 * @module
 */
import type { Service } from "../../../model/snapshot/workload.ts";
import { type Needs, needsOf } from "../needs.ts";
import type { Range } from "../simulate-loss.ts";
import { type Certainty, certaintyOf, type ServiceBounds } from "./certainty.ts";
import type { PreparedCluster, TimelineRun } from "./run-timeline.ts";
import type { CurvePoint } from "./service-curves.ts";

/** One Service. Replicas are pods that are ready, on nodes that work. Times are milliseconds since the loss. */
export interface ServiceTimeline {
  /** `<namespace>/<name>`. */
  readonly service: string;
  readonly needs: Needs;
  readonly before: number;
  readonly atWorst: Range;
  /** At the end. */
  readonly after: Range;
  /** How long there are fewer than it needs. */
  readonly belowNeedsMs: Range;
  /** How long there are none. */
  readonly noneMs: Range;
  /** Until when some of its requests still go to pods on lost nodes. */
  readonly staleUntilMs: Range;
  /** From when on it has what it needs, to the end; absent where that is so in no seed, or it always has. */
  readonly enoughAgainMs?: Range;
  /** From when on it has as many as before, to the end; absent where that is so in no seed. */
  readonly allAgainMs?: Range;
  /** What each survivor has to do at the worst, of what it did before: 1.5 is half as much again; absent where none is left. */
  readonly loadAtWorst?: number;
  readonly dropsBelowNeeds: Certainty;
  readonly endsBelowNeeds: Certainty;
  /** It had fewer than it needs before the loss. */
  readonly wasBelowNeeds: boolean;
  /** Of the seed that is the worst for it. */
  readonly curve: readonly CurvePoint[];
  readonly worstSeed: number;
}

/** What it is worked out from. */
export interface ServiceScene {
  readonly prepared: PreparedCluster;
  /** Of the Service. */
  readonly index: number;
  readonly runs: readonly TimelineRun[];
  readonly untilMs: number;
  readonly bounds: ServiceBounds;
  readonly before: readonly number[];
}

/** Undefined where nothing happens to the Service in any run. */
export function serviceTimeline(service: Service, scene: ServiceScene): ServiceTimeline | undefined {
  const { prepared, index, runs, untilMs, bounds } = scene;
  const before = scene.before[0] ?? 0;
  const curves = runs.map((run) => run.curves[index] ?? []);
  const isHit = curves.some((curve) => curve.some(({ replicas, stale }) => replicas < before || stale > 0));
  if (!isHit) return undefined;
  const pods = prepared.seeds
    .filter((seed) => seed.services.includes(index) && seed.form.pod.spec.nodeName !== "" && !seed.form.isTerminating)
    .map(({ form }) => form.pod);
  const needs = needsOf(service, pods, prepared.snapshot);
  const facts = curves.map((curve) => factsOf(curve, { needs: needs.pods, before, untilMs }));
  const seedsWhere = (holds: (fact: CurveFacts) => boolean): readonly number[] =>
    runs.flatMap(({ seed }, position) => {
      const fact = facts[position];
      return fact !== undefined && holds(fact) ? [seed] : [];
    });
  const worst = facts.reduce((most, fact, position) => (isWorse(fact, facts[most]) ? position : most), 0);
  const atWorst = rangeOf(facts.map(({ least }) => least));
  const enoughAgain = facts.map(({ enoughAgainMs }) => enoughAgainMs).filter((ms) => ms !== undefined);
  const allAgain = facts.map(({ allAgainMs }) => allAgainMs).filter((ms) => ms !== undefined);
  const drops = certaintyOf(
    seedsWhere(({ belowNeedsMs }) => belowNeedsMs > 0),
    runs.length,
  );
  const ends = certaintyOf(
    seedsWhere(({ last }) => last < needs.pods),
    runs.length,
  );
  return {
    service: `${service.metadata.namespace}/${service.metadata.name}`,
    needs,
    before,
    atWorst,
    after: rangeOf(facts.map(({ last }) => last)),
    belowNeedsMs: rangeOf(facts.map(({ belowNeedsMs }) => belowNeedsMs)),
    noneMs: rangeOf(facts.map(({ noneMs }) => noneMs)),
    staleUntilMs: rangeOf(facts.map(({ staleUntilMs }) => staleUntilMs)),
    ...(enoughAgain.length === 0 ? {} : { enoughAgainMs: rangeOf(enoughAgain) }),
    ...(allAgain.length === 0 ? {} : { allAgainMs: rangeOf(allAgain) }),
    ...(atWorst.least === 0 ? {} : { loadAtWorst: before / atWorst.least }),
    dropsBelowNeeds: within(drops, needs.pods, { ...bounds, most: Math.min(bounds.most, bounds.atLoss) }),
    endsBelowNeeds: within(ends, needs.pods, bounds),
    wasBelowNeeds: before < needs.pods,
    curve: curves[worst] ?? [],
    worstSeed: runs[worst]?.seed ?? 1,
  };
}

/** Bounds that hold in every run say more than any number of seeds. */
function within(
  certainty: Certainty,
  needs: number,
  { least, most }: Pick<ServiceBounds, "least" | "most">,
): Certainty {
  if (certainty.kind === "always" && most < needs) return { kind: "proved" };
  if (certainty.kind === "never" && least >= needs) return { kind: "impossible" };
  return certainty;
}

interface CurveFacts {
  readonly least: number;
  readonly last: number;
  readonly belowNeedsMs: number;
  readonly noneMs: number;
  readonly staleUntilMs: number;
  readonly enoughAgainMs?: number;
  readonly allAgainMs?: number;
}

interface CurveScale {
  readonly needs: number;
  readonly before: number;
  readonly untilMs: number;
}

function factsOf(curve: readonly CurvePoint[], { needs, before, untilMs }: CurveScale): CurveFacts {
  const parts = curve.map((point, index) => ({ ...point, lengthMs: (curve[index + 1]?.atMs ?? untilMs) - point.atMs }));
  const timeWhere = (holds: (point: CurvePoint) => boolean): number =>
    parts.filter(holds).reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  const last = curve.at(-1)?.replicas ?? 0;
  // The start of the last part of the curve in which there are enough, if there ever were too few.
  const againMs = (enough: number): number | undefined => {
    const lastBelow = curve.findLastIndex(({ replicas }) => replicas < enough);
    return lastBelow < 0 ? undefined : curve[lastBelow + 1]?.atMs;
  };
  const [enoughAgainMs, allAgainMs] = [againMs(needs), againMs(before)];
  const lastStale = curve.findLastIndex(({ stale }) => stale > 0);
  return {
    least: Math.min(...curve.map(({ replicas }) => replicas)),
    last,
    belowNeedsMs: timeWhere(({ replicas }) => replicas < needs),
    noneMs: timeWhere(({ replicas }) => replicas === 0),
    staleUntilMs: lastStale < 0 ? 0 : (curve[lastStale + 1]?.atMs ?? untilMs),
    ...(enoughAgainMs === undefined ? {} : { enoughAgainMs }),
    ...(allAgainMs === undefined ? {} : { allAgainMs }),
  };
}

function isWorse(one: CurveFacts, other: CurveFacts | undefined): boolean {
  if (other === undefined) return false;
  if (one.belowNeedsMs !== other.belowNeedsMs) return one.belowNeedsMs > other.belowNeedsMs;
  return one.last !== other.last ? one.last < other.last : one.least < other.least;
}

function rangeOf(values: readonly number[]): Range {
  return {
    least: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    most: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  };
}

/** Those that end below what they need, then those that are below it for longest, then those that lose most. */
export function worstFirst(one: ServiceTimeline, other: ServiceTimeline): number {
  return (
    rankOf(other.endsBelowNeeds) - rankOf(one.endsBelowNeeds) ||
    other.noneMs.most - one.noneMs.most ||
    other.belowNeedsMs.most - one.belowNeedsMs.most ||
    one.atWorst.least / one.before - other.atWorst.least / other.before ||
    (one.service < other.service ? -1 : 1)
  );
}

function rankOf(certainty: Certainty): number {
  switch (certainty.kind) {
    case "proved":
      return 2;
    case "always":
      return 2;
    case "possible":
      return certainty.count / certainty.seeds;
    case "never":
    case "impossible":
      return 0;
  }
}
