export {
  attemptsPerRequest,
  type LoadMeasure,
  type MedianMeasure,
  measureLatency,
  measureLoad,
  medianMeasure,
} from "./load-measure.ts";
export { median } from "./quantile.ts";
export { RequestLog } from "./request-log.ts";
export { type Timeline, timelineOf } from "./timeline.ts";
