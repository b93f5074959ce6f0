import type { Timeline } from "../../../core/measure/index.ts";

/** One column of the picture. */
export interface Column {
  readonly fromMs: number;
  readonly toMs: number;
  /** Answers per second of each site, in the order asked for. */
  readonly answersPerSecond: readonly number[];
  readonly failedPerSecond: number;
  readonly failed: number;
  /** Worst 99th percentile of the buckets in this column, ms; null without an answer. */
  readonly p99Ms: number | null;
}

/**
 * The run until `endMs` as at most `limit` columns of equal width, each of whole buckets. Answers of a site that is
 * not in `sites` are left out.
 */
export function columnsOf(timeline: Timeline, sites: readonly string[], endMs: number, limit: number): Column[] {
  const buckets = timeline.buckets.filter(({ atMs }) => atMs < endMs);
  const perColumn = Math.max(1, Math.ceil(buckets.length / limit));
  const columns: Column[] = [];
  for (let first = 0; first < buckets.length; first += perColumn) {
    const part = buckets.slice(first, first + perColumn);
    const fromMs = first * timeline.bucketMs;
    const toMs = Math.min(endMs, fromMs + part.length * timeline.bucketMs);
    const seconds = (toMs - fromMs) / 1000;
    const failed = part.reduce((sum, bucket) => sum + bucket.failed, 0);
    const p99 = part.flatMap((bucket) => bucket.p99Ms ?? []);
    columns.push({
      fromMs,
      toMs,
      answersPerSecond: sites.map(
        (site) => part.reduce((sum, bucket) => sum + (bucket.answers[site] ?? 0), 0) / seconds,
      ),
      failedPerSecond: failed / seconds,
      failed,
      p99Ms: p99.length === 0 ? null : Math.max(...p99),
    });
  }
  return columns;
}
