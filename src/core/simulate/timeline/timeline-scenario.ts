import type { TimelineForm } from "../loss.ts";
import type { AddedNodes } from "./added-nodes.ts";

/** A question about a loss over time. */
export interface TimelineScenario {
  /** Names of the nodes that are lost at 0. */
  readonly nodes: ReadonlySet<string>;
  readonly form: TimelineForm;
  /** Each is one run. */
  readonly seeds: readonly number[];
  readonly untilMs: number;
  /** How long pods start where their workload's pods do not say it. */
  readonly startUpMs: number;
  readonly added: readonly AddedNodes[];
}

/** How far a simulation looks, and what pods take to start where nothing else is known. */
export const TIMELINE_DEFAULTS = { untilMs: 900_000, startUpMs: 30_000 };
