import { measureLatency } from "../../../core/measure/index.ts";
import type { ProgressLine } from "./lines.ts";

/** Latencies kept per window; beyond it quantiles are those of the first ones. */
const maxLatencies = 16_384;

/** Counts what was completed since the last progress line; taking a line empties it. */
export class ProgressWindow {
  private sent = 0;
  private ok = 0;
  private failed = 0;
  private readonly servedBy = new Map<string, number>();
  private readonly latencies = new Float64Array(maxLatencies);

  countSent(): void {
    this.sent += 1;
  }

  countFailed(): void {
    this.failed += 1;
  }

  countAnswer(site: string, latencyMs: number): void {
    if (this.ok < maxLatencies) this.latencies[this.ok] = latencyMs;
    this.ok += 1;
    this.servedBy.set(site, (this.servedBy.get(site) ?? 0) + 1);
  }

  /** The line for the window that ends at `atMs`; the next window begins empty. */
  take(atMs: number, inFlight: number): ProgressLine {
    const { p50Ms, p99Ms } = measureLatency(this.latencies.subarray(0, Math.min(this.ok, maxLatencies)));
    const { sent, ok, failed } = this;
    const line: ProgressLine = {
      type: "progress",
      atMs,
      sent,
      ok,
      failed,
      inFlight,
      servedBy: Object.fromEntries(this.servedBy),
      p50Ms,
      p99Ms,
    };
    this.sent = 0;
    this.ok = 0;
    this.failed = 0;
    this.servedBy.clear();
    return line;
  }
}
