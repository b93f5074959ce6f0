import type { ProgramCheck } from "../../model/service-program.ts";
import type { EndpointHealth, ServiceView } from "../../model/service-view.ts";
import { timeToFail } from "./program-check.ts";
import type { Tier } from "./tiers.ts";

/** How long requests get more time per try after every endpoint of every site exceeded it, in milliseconds. */
const HEDGING_REST_MS = 30_000;

/** Whether requests get more time per try. All times in Unix milliseconds. */
export interface Patience {
  /** Since when every endpoint of every site has been ejected although its check passes. */
  readonly exceededSince: number | undefined;
  /** Until when tries get more time; undefined when they do not. */
  readonly hedgingRestsUntil: number | undefined;
  /** When time alone changes this. */
  readonly nextLookAt: number | undefined;
}

/**
 * When every endpoint of every site stays ejected although its check passes, the service is slower than `perTryTimeout`:
 * trying everything again and again only multiplies its load. Only after its checks had the time to fail: until then it
 * may as well be hung.
 */
export function judgePatience(view: ServiceView, tiers: readonly Tier[], check: ProgramCheck): Patience {
  const health = tiers.flatMap<EndpointHealth>(({ endpoints }) => endpoints.map((endpoint) => endpoint.health));
  const exceeded = health.length > 0 && health.every((one) => one.ejected && passes(one));
  const exceededSince = exceeded ? (view.memory.exceededSince ?? view.now) : undefined;
  const certainAt = exceededSince === undefined ? Number.POSITIVE_INFINITY : exceededSince + timeToFail(check);
  const until = certainAt <= view.now ? view.now + HEDGING_REST_MS : view.memory.hedgingRestsUntil;
  const hedgingRestsUntil = until !== undefined && until > view.now ? until : undefined;
  const next = hedgingRestsUntil ?? certainAt;
  return { exceededSince, hedgingRestsUntil, nextLookAt: Number.isFinite(next) ? next : undefined };
}

function passes(health: EndpointHealth): boolean {
  const states = [health.in, health.out];
  return states.includes("passing") && !states.includes("failing");
}
