import type { FailoverPolicy } from "../../model/kinds/index.ts";

/** Checks a second that reach one pod at most, from all gateways of its site together. */
export const CHECKS_PER_POD = 20;

/** The cluster that answers peers' probes has traffic of its own to learn from; twice a second is enough for it. */
const ANSWER_INTERVAL_MS = 500;

const PROFILES = {
  standard: { interval: 250, timeout: 1_000 },
  fast: { interval: 100, timeout: 100 },
} as const;

/** Intervals in force, all in milliseconds. */
export interface CheckSchedule {
  readonly intervalMs: number;
  readonly answerIntervalMs: number;
  readonly timeoutMs: number;
}

/**
 * Intervals that keep a pod below {@link CHECKS_PER_POD} checks a second when `judges` gateways check it.
 * Each gateway checks a pod twice: for its own callers at the policy's interval, and, more slowly, to answer peers.
 */
export function scheduleChecks(policy: FailoverPolicy["spec"], judges: number): CheckSchedule {
  const profile = PROFILES[policy.profile];
  const wanted = policy.healthCheck?.interval ?? profile.interval;
  const perGateway = CHECKS_PER_POD / Math.max(1, judges);
  // With many gateways half of what each may ask is for the peers.
  const answerIntervalMs = Math.max(wanted, ANSWER_INTERVAL_MS, Math.ceil(2_000 / perGateway));
  const share = perGateway - 1_000 / answerIntervalMs;
  return {
    intervalMs: Math.max(wanted, Math.ceil(1_000 / share)),
    answerIntervalMs,
    timeoutMs: policy.healthCheck?.timeout ?? profile.timeout,
  };
}
