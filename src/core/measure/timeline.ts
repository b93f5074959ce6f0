import { ascending, quantile } from "./quantile.ts";
import { outcome, type RequestRows } from "./request-log.ts";

/** What happened within one bucket of time. */
export interface TimelineBucket {
  /** Start of the bucket in ms from the start of the window. */
  readonly atMs: number;
  /** Requests that were due in this bucket. */
  readonly sent: number;
  /** Requests whose failure was seen in this bucket. */
  readonly failed: number;
  /** Answers that were completed in this bucket, per site; only sites that answered. */
  readonly answers: Readonly<Record<string, number>>;
  /** 99th percentile of the latency of those answers in ms; null without an answer. */
  readonly p99Ms: number | null;
}

/** A run as equal buckets of time without holes, from 0 to the last event. */
export interface Timeline {
  readonly bucketMs: number;
  /** In order of the first answer of each. */
  readonly sites: readonly string[];
  readonly buckets: readonly TimelineBucket[];
}

/** Cuts a run into buckets of `bucketMs`; rows that ended before 0 count in the first bucket. */
export function timelineOf(rows: RequestRows, bucketMs: number): Timeline {
  if (!(bucketMs > 0)) throw new RangeError(`a bucket is longer than 0 ms, not ${bucketMs}`);
  const drafts: Draft[] = [];
  for (let row = 0; row < rows.count; row += 1) {
    const due = draftAt(drafts, (rows.dueMs[row] ?? 0) / bucketMs);
    due.sent += 1;
    const result = rows.outcomes[row];
    if (result === outcome.pending) continue;
    const endedMs = rows.endedMs[row] ?? 0;
    const ended = draftAt(drafts, endedMs / bucketMs);
    if (result === outcome.failed) {
      ended.failed += 1;
      continue;
    }
    const site = rows.siteNames[rows.sites[row] ?? 0] ?? "";
    ended.answers[site] = (ended.answers[site] ?? 0) + 1;
    ended.latencies.push(endedMs - (rows.dueMs[row] ?? 0));
  }
  return {
    bucketMs,
    sites: rows.siteNames.slice(),
    buckets: drafts.map((draft, index) => finish(draft, index * bucketMs)),
  };
}

interface Draft {
  sent: number;
  failed: number;
  readonly answers: Record<string, number>;
  readonly latencies: number[];
}

function draftAt(drafts: Draft[], position: number): Draft {
  const index = Math.max(0, Math.floor(position));
  while (drafts.length <= index) drafts.push({ sent: 0, failed: 0, answers: {}, latencies: [] });
  return drafts[index] as Draft;
}

function finish(draft: Draft, atMs: number): TimelineBucket {
  return {
    atMs,
    sent: draft.sent,
    failed: draft.failed,
    answers: draft.answers,
    p99Ms: quantile(ascending(draft.latencies), 0.99),
  };
}
