import { type MeasuredWindow, longestGap } from "./longest-gap.ts";
import { ascending, median, quantile } from "./quantile.ts";
import { outcome, type RequestRows } from "./request-log.ts";

/** Latency of answered requests in ms, from the moment each was due; null when none was answered. */
export interface LatencyMeasure {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** One load run in numbers. `requests = ok + failed + unfinished`. */
export interface LoadMeasure extends LatencyMeasure {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** Requests whose answer nobody waited for any more when the run was stopped by force. */
  readonly unfinished: number;
  /** `failed / requests`, 0 to 1; 0 when nothing was sent. */
  readonly failedShare: number;
  /** Longest time without a completed success within the window, in ms. */
  readonly longestGapMs: number;
  /** When that gap began, in ms. */
  readonly longestGapStartMs: number;
  /** Answers per site. */
  readonly servedBy: Readonly<Record<string, number>>;
}

/** Numbers of a run that the median of several runs is made of. */
export interface MedianMeasure extends LatencyMeasure {
  readonly runs: number;
  readonly requests: number;
  readonly failed: number;
  readonly failedShare: number;
  readonly longestGapMs: number;
}

/** Computes the numbers of one run. Every recorded request counts; `window` bounds only the gap. */
export function measureLoad(rows: RequestRows, window: MeasuredWindow): LoadMeasure {
  const requests = rows.count;
  const latencies = new Float64Array(requests);
  const answers = rows.siteNames.map(() => 0);
  let ok = 0;
  let failed = 0;
  for (let row = 0; row < requests; row += 1) {
    if (rows.outcomes[row] === outcome.failed) failed += 1;
    if (rows.outcomes[row] !== outcome.ok) continue;
    latencies[ok] = (rows.endedMs[row] ?? 0) - (rows.dueMs[row] ?? 0);
    ok += 1;
    const site = rows.sites[row] ?? 0;
    answers[site] = (answers[site] ?? 0) + 1;
  }
  const gap = longestGap(rows, window);
  return {
    requests,
    ok,
    failed,
    unfinished: requests - ok - failed,
    failedShare: requests === 0 ? 0 : failed / requests,
    longestGapMs: gap.lengthMs,
    longestGapStartMs: gap.startMs,
    ...measureLatency(latencies.subarray(0, ok)),
    servedBy: Object.fromEntries(rows.siteNames.map((name, site) => [name, answers[site] ?? 0])),
  };
}

/** Quantiles of latencies in ms, in any order. */
export function measureLatency(latenciesMs: ArrayLike<number>): LatencyMeasure {
  const sorted = ascending(latenciesMs);
  return {
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
  };
}

/** The median of each number on its own; null without a run. */
export function medianMeasure(runs: readonly LoadMeasure[]): MedianMeasure | null {
  if (runs.length === 0) return null;
  const middle = (value: (run: LoadMeasure) => number | null): number | null => median(runs.map(value));
  return {
    runs: runs.length,
    requests: middle((run) => run.requests) ?? 0,
    failed: middle((run) => run.failed) ?? 0,
    failedShare: middle((run) => run.failedShare) ?? 0,
    longestGapMs: middle((run) => run.longestGapMs) ?? 0,
    p50Ms: middle((run) => run.p50Ms),
    p90Ms: middle((run) => run.p90Ms),
    p99Ms: middle((run) => run.p99Ms),
    maxMs: middle((run) => run.maxMs),
  };
}

/**
 * Attempts that reached a backend per request that a client sent, or null when nothing was sent.
 * 1 means that nothing was retried after it had reached a backend; retries of refused connections do not count.
 */
export function attemptsPerRequest(attempts: number, requests: number): number | null {
  return requests === 0 ? null : attempts / requests;
}
