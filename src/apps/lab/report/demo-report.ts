import type { LoadMeasure, Timeline } from "../../../core/measure/index.ts";

/** One run of the demo: everything that its page shows. All times in ms from the start of the measured window. */
export interface DemoReport {
  /** What was shown, such as `shop/web dies in west`. */
  readonly title: string;
  /** The service that was called, `namespace/name`. */
  readonly service: string;
  /** Sites in the order in which they are drawn, the caller's own first; sites that never answered may be missing. */
  readonly sites: readonly string[];
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
  /** Requests per second that were sent. */
  readonly rate: number;
  /** How long requests were sent, in ms. */
  readonly durationMs: number;
  /** The numbers of the run: the load generator's summary line fits. */
  readonly measure: LoadMeasure;
  /** The run in equal buckets: the load generator's summary line has it. */
  readonly timeline: Timeline;
  /** In any order; they are drawn by time. */
  readonly events: readonly DemoEvent[];
  /** When traffic was kept away from a healed site on purpose (hold-down). */
  readonly holds: readonly HoldPeriod[];
  /** What to try next: commands with a word on each; may be empty. */
  readonly nextCommands: readonly { readonly command: string; readonly purpose: string }[];
  /** Versions of what took part, such as `{"tandem": "0.1.0", "Envoy": "1.40.0"}`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Something that happened during the run. */
export interface DemoEvent {
  readonly atMs: number;
  /** Decides about the colour: what went wrong, what Tandem decided, what went well again, anything else. */
  readonly kind: "fault" | "failover" | "heal" | "failback" | "note";
  /** Two to five words for the picture, such as `west killed`. */
  readonly label: string;
  /** One sentence for the table, such as `3 of 3 local endpoints failed their check after 204 ms`. */
  readonly detail: string;
}

/** A period in which traffic stays away from a site that is healthy again. */
export interface HoldPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}
