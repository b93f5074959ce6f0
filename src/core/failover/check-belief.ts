import type { ProgramCheck } from "../../model/service-program.ts";
import type { ServiceView } from "../../model/service-view.ts";
import { checkFingerprint, timeToFail } from "./program-check.ts";
import { localCheckState, type Tier } from "./tiers.ts";

/** How far the check of the local endpoints can be believed. */
export interface CheckBelief {
  /** Its verdicts count. */
  readonly counts: boolean;
  /** No local endpoint has ever passed it. */
  readonly unknown: boolean;
  /**
   * It fails at every site, and has for longer than a check takes to notice anything, although endpoints say they are
   * ready; whether it has ever been passed or not.
   */
  readonly suspect: boolean;
  /** Fingerprint of the check that was passed last. */
  readonly passed: string | undefined;
  /** Since when it fails at every site, in Unix milliseconds; undefined while it does not. */
  readonly allFailSince: number | undefined;
  /** When time alone makes it suspect, in Unix milliseconds. */
  readonly nextLookAt: number | undefined;
}

/**
 * Decides what the local check is worth. That every site fails at once has to last: a machine that stood still for a
 * second, or an Envoy that has just started and asks its peers for the first time, sees the same for a moment. To stop
 * believing then would send requests to endpoints that have been dead for long. Nothing is lost by waiting: with nothing
 * healthy anywhere Envoy tries everything.
 */
export function believeChecks(view: ServiceView, tiers: readonly Tier[], check: ProgramCheck): CheckBelief {
  const fingerprint = checkFingerprint(check, view.local);
  const local = tiers.find((tier) => tier.local)?.endpoints ?? [];
  const passing = local.some(({ health }) => localCheckState(health) === "passing");
  const known = passing || view.memory.checkPassed === fingerprint;
  const ready = local.filter(({ endpoint }) => endpoint.ready);
  const allLocalFail = ready.length > 0 && ready.every(({ health }) => localCheckState(health) === "failing");
  // By their checks alone: a peer that is only ejected has a check that can be believed, and so can the one here.
  const peersPass = tiers.some((tier) => !tier.local && tier.endpoints.some(({ health }) => health.out === "passing"));
  const allFailSince = allLocalFail && !peersPass ? (view.memory.allFailSince ?? view.now) : undefined;
  const suspectAt = allFailSince === undefined ? undefined : allFailSince + timeToFail(check);
  const suspect = suspectAt !== undefined && view.now >= suspectAt;
  return {
    counts: known && !suspect,
    unknown: !known && ready.length > 0,
    suspect,
    passed: known ? fingerprint : view.memory.checkPassed,
    allFailSince,
    nextLookAt: suspect ? undefined : suspectAt,
  };
}
