import { measureLatency, measureLoad, RequestLog, timelineOf } from "../../../core/measure/index.ts";
import type { FailureLine, LoadLine, SummaryLine } from "./lines.ts";
import { ProgressWindow } from "./progress-window.ts";

/** Why a request was lost, as the client saw it. */
export interface Loss {
  /** See {@link FailureLine.reason}. */
  readonly reason: string;
  /** `ADDR:PORT`, or null when it was never sent. */
  readonly target: string | null;
  /** Start of the answer's body, or empty. */
  readonly body: string;
  /** How long ago it was sent last, in ms; null when it was not. */
  readonly ageMs: number | null;
  /** Counts what is under way at the same target, this one included; asked at once or never. */
  readonly underWay: () => number;
}

/** Where a client reports what became of a request. Each request ends once; what comes later is ignored. */
export interface RequestSink {
  readonly answered: (row: number, servedBy: string) => void;
  readonly lost: (row: number, loss: Loss) => void;
}

/** Failures that are printed; the rest is only counted. */
const printedFailures = 20;
const snippetLength = 200;

/**
 * The record of one run. Rows of measured requests count from 0; a negative row belongs to the warm-up and is
 * counted apart. `now` gives ms since the start of the measured window.
 */
export class RunRecord implements RequestSink {
  private readonly log: RequestLog;
  private readonly window = new ProgressWindow();
  private readonly lateness: Float32Array;
  private readonly endpoints = new Map<string, number>();
  private readonly firstAnswers = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly sites = new Map<string, string>();
  private printed = 0;
  private ended = 0;
  private warmupFailed = 0;
  private readonly now: () => number;
  private readonly print: (line: LoadLine) => void;

  constructor(capacity: number, now: () => number, print: (line: LoadLine) => void) {
    this.log = new RequestLog(capacity);
    this.lateness = new Float32Array(capacity);
    this.now = now;
    this.print = print;
  }

  /** Measured requests that have not ended yet. */
  get inFlight(): number {
    return this.log.count - this.ended;
  }

  /** Opens the row of a measured request. */
  open(dueMs: number, lateMs: number): number {
    const row = this.log.open(dueMs);
    this.lateness[row] = lateMs;
    this.window.countSent();
    return row;
  }

  answered(row: number, servedBy: string): void {
    if (row < 0) return;
    const at = this.now();
    const site = this.siteOf(servedBy);
    if (!this.log.succeed(row, at, site)) return;
    this.ended += 1;
    this.endpoints.set(servedBy, (this.endpoints.get(servedBy) ?? 0) + 1);
    if (!this.firstAnswers.has(site)) this.firstAnswers.set(site, at);
    this.window.countAnswer(site, at - (this.log.dueMs[row] ?? 0));
  }

  lost(row: number, loss: Loss): void {
    if (row < 0) {
      this.warmupFailed += 1;
      return;
    }
    const at = this.now();
    if (!this.log.fail(row, at)) return;
    this.ended += 1;
    this.failures.set(loss.reason, (this.failures.get(loss.reason) ?? 0) + 1);
    this.window.countFailed();
    if (this.printed >= printedFailures) return;
    this.printed += 1;
    const line: FailureLine = {
      type: "failure",
      dueMs: this.log.dueMs[row] ?? 0,
      atMs: at,
      sentMs: loss.ageMs === null ? null : at - loss.ageMs,
      target: loss.target,
      underWay: loss.underWay(),
      reason: loss.reason,
      body: loss.body.slice(0, snippetLength),
    };
    this.print(line);
  }

  /** Prints what was completed since the last call. */
  printProgress(): void {
    this.print(this.window.take(this.now(), this.inFlight));
  }

  /** The run in numbers; sending ended at `sendingEndedMs`. */
  summarize(
    sendingEndedMs: number,
    rest: Pick<SummaryLine, "protocol" | "rate" | "refusedConnects" | "connections" | "held">,
  ): SummaryLine {
    const { p50Ms, p99Ms, maxMs } = measureLatency(this.lateness.subarray(0, this.log.count));
    return {
      type: "summary",
      ...rest,
      durationMs: sendingEndedMs,
      ...measureLoad(this.log, { startMs: 0, endMs: sendingEndedMs }),
      endpoints: sortedByName(this.endpoints),
      firstAnswerMs: sortedByName(this.firstAnswers),
      failures: sortedByName(this.failures),
      warmupFailed: this.warmupFailed,
      lateness: { p50Ms, p99Ms, maxMs },
      timeline: timelineOf(this.log, 100),
    };
  }

  private siteOf(servedBy: string): string {
    // One lookup instead of a split: this runs for every answer.
    const known = this.sites.get(servedBy);
    if (known !== undefined) return known;
    const site = servedBy.split("/", 1)[0] || "unknown";
    this.sites.set(servedBy, site);
    return site;
  }
}

function sortedByName(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
