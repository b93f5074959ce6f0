/**
 * The verdict on a service: which site serves, which sites are held back, and whether the checks themselves can be believed.
 * @module
 */
import type { FailoverRecord, Hold, LossTrigger, ServiceMemory, ServiceView } from "../../model/service-view.ts";
import { believeChecks } from "./check-belief.ts";
import { chooseProtocol } from "./protocol.ts";
import { judgePatience } from "./patience.ts";
import { programCheck } from "./program-check.ts";
import { localCheckState, orderTiers, type Tier } from "./tiers.ts";

/** What one site can do for a service. */
export interface SiteVerdict {
  readonly site: string;
  /** Endpoints that can take requests now. */
  readonly usable: number;
  readonly total: number;
  /** Not used before every other site that can serve. */
  readonly standby: boolean;
}

/** The verdict on a service at one moment. */
export interface Verdict {
  /** In order of preference. */
  readonly sites: readonly SiteVerdict[];
  readonly servingSite: string;
  /** No site has an endpoint that can take requests: Envoy tries all of them all the same. */
  readonly nothingUsable: boolean;
  /** No local endpoint has ever passed this check: it is not counted. */
  readonly checkUnknown: boolean;
  /** All sites' checks have failed for a while although the endpoints say they are ready: the check is not believed. */
  readonly checkSuspect: boolean;
  /** To remember until the next decision. */
  readonly memory: ServiceMemory;
  /** Set when the serving site changed with this decision. */
  readonly failover: FailoverRecord | undefined;
  /** Unix milliseconds at which time alone changes the verdict. */
  readonly nextLookAt: number | undefined;
}

/** Judges a service. Pure: the same view gives the same verdict, and feeding the memory back changes nothing more. */
export function judge(view: ServiceView): Verdict {
  const tiers = orderTiers(view);
  const check = programCheck(view, chooseProtocol(view.appProtocol, view.policy.healthCheck));
  const belief = believeChecks(view, tiers, check);
  const counted = tiers.map((tier) => ({ tier, usable: countUsable(tier, belief.counts) }));
  const serving = view.memory.serving?.site;
  const holds = updateHolds(view, counted);
  const sites = counted.map(({ tier, usable }) => ({
    site: tier.site,
    usable,
    total: tier.endpoints.length,
    standby: isStandby(view, tier.site, holds),
  }));
  const servingSite = chooseServing(view, sites);
  const failover =
    serving === undefined || serving === servingSite
      ? undefined
      : recordFailover(view, tiers, { from: serving, to: servingSite });
  const patience = judgePatience(view, tiers, check);
  const memory: ServiceMemory = {
    ...pick("checkPassed", belief.passed),
    ...pick("allFailSince", belief.allFailSince),
    holds: withoutHold(holds, counted.find(({ tier, usable }) => tier.site === servingSite && usable > 0)?.tier.site),
    serving:
      serving === servingSite && view.memory.serving !== undefined
        ? view.memory.serving
        : { site: servingSite, since: view.now },
    ...pick("switchedTo", view.activeSwitch?.to),
    ...pick("exceededSince", patience.exceededSince),
    ...pick("hedgingRestsUntil", patience.hedgingRestsUntil),
    ...pick("lastFailover", failover ?? view.memory.lastFailover),
  };
  return {
    sites,
    servingSite,
    nothingUsable: sites.every((site) => site.usable === 0),
    checkUnknown: belief.unknown,
    checkSuspect: belief.suspect,
    memory,
    failover,
    nextLookAt: nextLookAt(view, memory, [belief.nextLookAt, patience.nextLookAt]),
  };
}

function countUsable(tier: Tier, checkCounts: boolean): number {
  if (tier.local) {
    return tier.endpoints.filter(
      ({ endpoint, health }) =>
        endpoint.ready && !health.ejected && !(checkCounts && localCheckState(health) === "failing"),
    ).length;
  }
  return tier.endpoints.filter(
    ({ endpoint, health }) => health.out === "passing" && !health.ejected && !endpoint.draining,
  ).length;
}

/**
 * A site that was serving and has nothing usable left is held, if another can serve; it is let go when it has been usable for the hold-down.
 * Without the hold it would get its traffic back with its first good check, and lose it again with the next bad one.
 */
function updateHolds(view: ServiceView, counted: readonly { tier: Tier; usable: number }[]): Record<string, Hold> {
  const holds: Record<string, Hold> = {};
  for (const { tier, usable } of counted) {
    const held = view.memory.holds[tier.site];
    const othersUsable = counted.some((other) => other.tier.site !== tier.site && other.usable > 0);
    if (held === undefined) {
      if (usable === 0 && othersUsable && view.memory.serving?.site === tier.site)
        holds[tier.site] = { since: view.now, trigger: lossTrigger(tier) };
      continue;
    }
    if (usable === 0) {
      holds[tier.site] = { since: held.since, trigger: held.trigger };
      continue;
    }
    const goodSince = held.goodSince ?? view.now;
    if (view.now - goodSince < view.policy.failback.holdDown) holds[tier.site] = { ...held, goodSince };
  }
  return holds;
}

/** A held site that has to serve after all has shown that it can: it is not sent back for the rest of the hold-down. */
function withoutHold(holds: Readonly<Record<string, Hold>>, servingSite: string | undefined): Record<string, Hold> {
  return Object.fromEntries(Object.entries(holds).filter(([site]) => site !== servingSite));
}

function isStandby(view: ServiceView, site: string, holds: Readonly<Record<string, Hold>>): boolean {
  if (view.activeSwitch !== undefined) return view.activeSwitch.to !== site;
  return holds[site] !== undefined || view.siblingHolds.has(site);
}

/** While nothing is usable anywhere nothing has moved: Envoy tries everything, and the site that served still counts as the one. */
function chooseServing(view: ServiceView, sites: readonly SiteVerdict[]): string {
  const usable = sites.filter((site) => site.usable > 0);
  const chosen = usable.find((site) => !site.standby) ?? usable[0];
  if (chosen !== undefined) return chosen.site;
  const known = (name: string | undefined): boolean => sites.some((site) => site.site === name);
  const before = view.memory.serving?.site;
  if (before !== undefined && known(before)) return before;
  return known(view.site) ? view.site : (sites[0]?.site ?? view.site);
}

function recordFailover(
  view: ServiceView,
  tiers: readonly Tier[],
  change: { from: string; to: string },
): FailoverRecord {
  const trigger = triggerOf(view, tiers, change);
  const measured = trigger !== "Switch" && trigger !== "Failback" && view.firstTroubleAt !== undefined;
  return {
    at: view.now,
    ...change,
    trigger,
    ...(measured ? { detectionMs: Math.max(0, view.now - (view.firstTroubleAt ?? view.now)) } : {}),
  };
}

function triggerOf(
  view: ServiceView,
  tiers: readonly Tier[],
  change: { from: string; to: string },
): FailoverRecord["trigger"] {
  const switchEnded = view.activeSwitch === undefined && view.memory.switchedTo === change.from;
  if (view.activeSwitch?.to === change.to || switchEnded) return "Switch";
  const rank = (site: string): number => tiers.findIndex((tier) => tier.site === site);
  const left = tiers.find((tier) => tier.site === change.from);
  if (left === undefined) return "NoEndpoints";
  if (countUsable(left, true) === 0) return lossTrigger(left);
  // A sibling sees sooner what this gateway has yet to notice.
  const bySibling = view.siblingHolds.get(change.from);
  if (bySibling !== undefined) return bySibling;
  return rank(change.to) < rank(change.from) || view.memory.holds[change.to] !== undefined ? "Failback" : "Switch";
}

/** Why a tier that has nothing usable has nothing usable. */
function lossTrigger(tier: Tier): LossTrigger {
  if (tier.endpoints.length === 0) return "NoEndpoints";
  if (tier.local && tier.endpoints.every(({ endpoint }) => !endpoint.ready)) return "NotReady";
  return tier.endpoints.some(({ health }) => health.ejected) ? "Outlier" : "CheckFailed";
}

function nextLookAt(
  view: ServiceView,
  memory: ServiceMemory,
  others: readonly (number | undefined)[],
): number | undefined {
  const failbacks = Object.values(memory.holds).map(({ goodSince }) =>
    goodSince === undefined ? undefined : goodSince + view.policy.failback.holdDown,
  );
  const times = [...failbacks, view.activeSwitch?.until, ...others].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function pick<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
