/**
 * Every single failure, or every pair of them, ranked by what it breaks: which nodes or zones a Service cannot do without.
 * Without time: what counts is what is left until replacements run, and once all that find a place do.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import { type LossForm, nodesOf, valuesOf } from "./loss.ts";
import { simulateLoss } from "./simulate-loss.ts";
import { controlPlaneFate } from "./timeline/control-plane.ts";

/** Which failures are tried. */
export interface FailureQuestion {
  /** `node`, or the label whose values are the domains. */
  readonly key: string;
  readonly form: LossForm;
  readonly seeds: number;
  /** Two domains at once, besides each alone. */
  readonly pairs: boolean;
}

/** What one failure breaks. */
export interface RankedFailure {
  /** The values of the key that are lost together. */
  readonly domains: readonly string[];
  readonly nodes: number;
  /** Services that have fewer pods than they need even when all replacements that find a place run, in any seed. */
  readonly staysBelow: readonly string[];
  /** Services that have fewer until then, and enough again afterwards. */
  readonly dropsBelow: readonly string[];
  /** Replacements that find no place, in any seed. */
  readonly pending: number;
  readonly losesControlPlane: boolean;
}

/** The fewest domains whose loss leaves a Service below what it needs. */
export interface FailureSets {
  /** `<namespace>/<name>`. */
  readonly service: string;
  /** Each of them breaks it; all are of the same, smallest, size. */
  readonly sets: readonly (readonly string[])[];
}

/** All failures and what they say of each Service. */
export interface FailureRanking {
  readonly key: string;
  readonly tried: number;
  /** The worst first; those that break nothing are left out. */
  readonly failures: readonly RankedFailure[];
  /** Failures of one domain that break something: its single points of failure, the worst first. */
  readonly singlePoints: readonly string[];
  readonly smallestSets: readonly FailureSets[];
}

/** Tries them all. */
export function rankFailures(snapshot: ClusterSnapshot, question: FailureQuestion): FailureRanking {
  const values = valuesOf(question.key, snapshot);
  const singles = values.map((value) => [value]);
  const pairs = question.pairs
    ? values.flatMap((one, index) => values.slice(index + 1).map((other) => [one, other]))
    : [];
  const all = [...singles, ...pairs].map((domains) => failureOf(snapshot, question, domains));
  const failures = all.filter(breaksSomething).toSorted(worstFirst);
  return {
    key: question.key,
    tried: all.length,
    failures,
    singlePoints: failures.filter(({ domains }) => domains.length === 1).flatMap(({ domains }) => domains),
    smallestSets: smallestSets(failures),
  };
}

function failureOf(snapshot: ClusterSnapshot, question: FailureQuestion, domains: readonly string[]): RankedFailure {
  const lost = domains.flatMap((value) => nodesOf({ key: question.key, value }, snapshot));
  const nodes = new Set(lost.map(({ metadata }) => metadata.name));
  const { services, pending } = simulateLoss(snapshot, { nodes, form: question.form, seeds: question.seeds });
  const losesControlPlane = controlPlaneFate(snapshot, nodes).fate === "lost";
  const isBelow = services.filter(({ atWorst, needs, before }) => atWorst < needs.pods && before >= needs.pods);
  // Without a control plane nothing is replaced: what drops stays.
  const stays = services.filter(
    (service) => service.belowNeeds.seeds > 0 || (losesControlPlane && isBelow.includes(service)),
  );
  return {
    domains,
    nodes: nodes.size,
    staysBelow: stays.map(({ service }) => service),
    dropsBelow: isBelow.filter((service) => !stays.includes(service)).map(({ service }) => service),
    pending: pending.length,
    losesControlPlane,
  };
}

function breaksSomething({ staysBelow, dropsBelow, pending, losesControlPlane }: RankedFailure): boolean {
  return staysBelow.length > 0 || dropsBelow.length > 0 || pending > 0 || losesControlPlane;
}

function worstFirst(one: RankedFailure, other: RankedFailure): number {
  return (
    one.domains.length - other.domains.length ||
    Number(other.losesControlPlane) - Number(one.losesControlPlane) ||
    other.staysBelow.length - one.staysBelow.length ||
    other.dropsBelow.length - one.dropsBelow.length ||
    other.pending - one.pending ||
    (one.domains.join() < other.domains.join() ? -1 : 1)
  );
}

function smallestSets(failures: readonly RankedFailure[]): readonly FailureSets[] {
  const breaking = failures.flatMap(({ domains, staysBelow, dropsBelow }) =>
    [...staysBelow, ...dropsBelow].map((service) => ({ service, domains })),
  );
  return [...Map.groupBy(breaking, ({ service }) => service)]
    .map(([service, all]) => {
      const size = all.reduce((least, { domains }) => Math.min(least, domains.length), Number.POSITIVE_INFINITY);
      return { service, sets: all.map(({ domains }) => domains).filter(({ length }) => length === size) };
    })
    .toSorted(
      (one, other) =>
        (one.sets[0]?.length ?? 0) - (other.sets[0]?.length ?? 0) ||
        other.sets.length - one.sets.length ||
        (one.service < other.service ? -1 : 1),
    );
}
