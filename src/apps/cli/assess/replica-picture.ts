import type { ServiceTimeline } from "../../../core/simulate/timeline/service-timeline.ts";
import { paint } from "../output.ts";

const BARS = "▁▂▃▄▅▆▇█";

/** How many columns a picture has. */
export const PICTURE_COLUMNS = 30;

/**
 * Replicas over time: a bar for each part of it, as high as the fewest in that part are of those before; `·` is none. Red below
 * what the Service needs, where the output is a terminal.
 */
export function replicaPicture({ curve, before, needs }: ServiceTimeline, untilMs: number): string {
  return Array.from({ length: PICTURE_COLUMNS }, (_, column) => {
    const fromMs = (column * untilMs) / PICTURE_COLUMNS;
    const toMs = ((column + 1) * untilMs) / PICTURE_COLUMNS;
    const fewest = fewestBetween(curve, fromMs, toMs);
    return paint(fewest < needs.pods ? "red" : "green", barOf(fewest, before));
  }).join("");
}

function fewestBetween(curve: ServiceTimeline["curve"], fromMs: number, toMs: number): number {
  const first = curve.findLastIndex(({ atMs }) => atMs <= fromMs);
  const points = curve.filter(({ atMs }, index) => index >= first && atMs < toMs);
  return points.reduce((fewest, { replicas }) => Math.min(fewest, replicas), Number.POSITIVE_INFINITY);
}

function barOf(replicas: number, before: number): string {
  if (replicas === 0) return "·";
  const share = Math.min(1, replicas / Math.max(1, before));
  return BARS[Math.max(0, Math.ceil(share * BARS.length) - 1)] ?? "█";
}
