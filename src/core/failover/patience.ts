import type { ProgramCheck } from "../../model/service-program.ts";
import type { EndpointHealth, ServiceView } from "../../model/service-view.ts";
import { timeToFailForCallers } from "./program-check.ts";
import type { Tier } from "./tiers.ts";

/** How long requests get more time per try after every endpoint of every site exceeded it, in milliseconds. */
const HEDGING_REST_MS = 30_000;

/** Share of the hosts of a cluster with peers' gateways that outlier detection may eject. */
export const MAX_EJECTION_PERCENT = 90;

/** Whether requests get more time per try. All times in Unix milliseconds. */
export interface Patience {
  /** Since when every endpoint of every site has passed its check, and as many are ejected as can be. */
  readonly exceededSince: number | undefined;
  /** Until when tries get more time; undefined when they do not. */
  readonly hedgingRestsUntil: number | undefined;
  /** When time alone changes this. */
  readonly nextLookAt: number | undefined;
}

/**
 * When as many endpoints are ejected as Envoy ejects, in every site, although all pass their check, the service is slower
 * than `perTryTimeout`: trying everything again and again only multiplies its load, and each try takes a connection. Only
 * after the checks here had the time to fail: until then it may as well be hung.
 */
export function judgePatience(view: ServiceView, tiers: readonly Tier[], check: ProgramCheck): Patience {
  const sites = tiers.map<EndpointHealth[]>(({ endpoints }) => endpoints.map(({ health }) => health));
  const all = sites.flat();
  const ejected = all.filter((health) => health.ejected).length;
  const exceeded =
    all.every(passes) &&
    ejected >= Math.floor((all.length * MAX_EJECTION_PERCENT) / 100) &&
    sites.every((site) => site.some((health) => health.ejected));
  const exceededSince = exceeded ? (view.memory.exceededSince ?? view.now) : undefined;
  const certainAt =
    exceededSince === undefined ? Number.POSITIVE_INFINITY : exceededSince + timeToFailForCallers(check);
  const until = certainAt <= view.now ? view.now + HEDGING_REST_MS : view.memory.hedgingRestsUntil;
  const hedgingRestsUntil = until !== undefined && until > view.now ? until : undefined;
  const next = hedgingRestsUntil ?? certainAt;
  return { exceededSince, hedgingRestsUntil, nextLookAt: Number.isFinite(next) ? next : undefined };
}

function passes(health: EndpointHealth): boolean {
  const states = [health.in, health.out];
  return states.includes("passing") && !states.includes("failing");
}
