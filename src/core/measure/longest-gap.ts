import { outcome, type RequestRows } from "./request-log.ts";
import { ascending } from "./quantile.ts";

/** The part of a run that counts, in ms on the log's own clock; `endMs` is when sending stopped. */
export interface MeasuredWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** A stretch of time without one completed success. */
export interface Gap {
  readonly startMs: number;
  readonly lengthMs: number;
}

/**
 * The longest stretch of `window` without a completed success; the first of several equal ones. The window's own start
 * and end bound it: a service that never comes back has a gap that reaches the window's end.
 */
export function longestGap(rows: RequestRows, window: MeasuredWindow): Gap {
  let startMs = window.startMs;
  let longest: Gap = { startMs, lengthMs: 0 };
  for (const at of successTimes(rows, window)) {
    if (at - startMs > longest.lengthMs) longest = { startMs, lengthMs: at - startMs };
    startMs = at;
  }
  const rest = window.endMs - startMs;
  return rest > longest.lengthMs ? { startMs, lengthMs: rest } : longest;
}

function successTimes(rows: RequestRows, window: MeasuredWindow): Float64Array {
  const times = new Float64Array(rows.count);
  let found = 0;
  for (let row = 0; row < rows.count; row += 1) {
    const at = rows.endedMs[row] ?? 0;
    if (rows.outcomes[row] !== outcome.ok || at < window.startMs || at > window.endMs) continue;
    times[found] = at;
    found += 1;
  }
  return ascending(times.subarray(0, found));
}
