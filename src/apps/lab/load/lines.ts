import type { LoadMeasure, Timeline } from "../../../core/measure/index.ts";

/** The measured window begins (warm-up is over). All `...AtMs` and `atMs` of later lines count from this moment. */
export interface StartLine {
  readonly type: "start";
  /** This moment in ms since 1970, so that other processes can place their own events. */
  readonly epochMs: number;
  readonly rate: number;
  readonly durationMs: number;
  readonly targets: readonly string[];
}

/** What was completed within the last window; printed every 100 ms. */
export interface ProgressLine {
  readonly type: "progress";
  /** End of the window in ms. */
  readonly atMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Answers per site. */
  readonly servedBy: Readonly<Record<string, number>>;
  /** Latency of these answers in ms; null without an answer. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** One lost request; only the first 20 of a run are printed. */
export interface FailureLine {
  readonly type: "failure";
  /** When it was due, and when it was lost, in ms. */
  readonly dueMs: number;
  readonly atMs: number;
  /** When it was sent last, in ms; null when it was not. */
  readonly sentMs: number | null;
  /** Where it was sent, `ADDR:PORT`; null when no target took a connection. */
  readonly target: string | null;
  /** How many were under way there when it was lost, itself among them. */
  readonly underWay: number;
  /** `status 503`, `timeout`, `closed`, `no target`, or the system's code such as `ECONNRESET`. */
  readonly reason: string;
  /** First 200 characters of the answer's body; empty without one. */
  readonly body: string;
}

/** A long-lived connection ended though nobody here closed it. */
export interface BrokenLine {
  readonly type: "broken";
  readonly atMs: number;
  readonly target: string;
  readonly reason: string;
}

/** The last line of every run. */
export interface SummaryLine extends LoadMeasure {
  readonly type: "summary";
  readonly protocol: "http" | "tcp";
  /** Requests per second that were asked for, and the length of the sending in ms. */
  readonly rate: number;
  readonly durationMs: number;
  /** Answers per endpoint, `site/name`. */
  readonly endpoints: Readonly<Record<string, number>>;
  /** When each site answered first, in ms; sites that did not answer are not there. */
  readonly firstAnswerMs: Readonly<Record<string, number>>;
  /** Lost requests per reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Connects that were refused and went to another target: no request was lost by them. */
  readonly refusedConnects: number;
  /** Connections opened to targets. */
  readonly connections: number;
  /** Requests lost during warm-up; they count nowhere else. */
  readonly warmupFailed: number;
  /** How late the generator itself sent, in ms after the request was due: its own share of every latency. */
  readonly lateness: { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly maxMs: number | null };
  /** Long-lived connections; null without `--hold`. */
  readonly held: HeldSummary | null;
  /** The run in buckets of 100 ms. */
  readonly timeline: Timeline;
}

/** What became of the long-lived connections. */
export interface HeldSummary {
  readonly opened: number;
  /** Ended by the other side, and opened again. */
  readonly broken: number;
  readonly pongs: number;
}

/** Anything that the generator prints. */
export type LoadLine = StartLine | ProgressLine | FailureLine | BrokenLine | SummaryLine;
