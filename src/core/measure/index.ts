export { type Gap, longestGap, type MeasuredWindow } from "./longest-gap.ts";
export {
  attemptsPerRequest,
  type LatencyMeasure,
  type LoadMeasure,
  type MedianMeasure,
  measureLatency,
  measureLoad,
  medianMeasure,
} from "./load-measure.ts";
export { ascending, median, quantile } from "./quantile.ts";
export { outcome, RequestLog, type RequestRows } from "./request-log.ts";
export { type Timeline, type TimelineBucket, timelineOf } from "./timeline.ts";
