/**
 * Results of the overhead benchmark as data and as Markdown.
 * @module
 */
import { median } from "../../src/core/measure/index.ts";
import { table } from "../rig/markdown.ts";
import { type Machine, sentenceOf } from "../rig/machine.ts";
import type { OverheadMeasure } from "./run.ts";

/** What the benchmark measured. */
export interface OverheadResults {
  readonly startedAt: string;
  readonly machine: Machine;
  /** What the others are compared with: throughput as a share of this contender's, a moment before or after. */
  readonly reference: string;
  readonly contenders: readonly { readonly name: string; readonly runs: readonly OverheadMeasure[] }[];
}

/** A table with the medians. */
export function renderOverhead(results: OverheadResults): string {
  const lines = results.contenders.map(({ name, runs }) => {
    const middle = (value: (run: OverheadMeasure) => number | null): number | null => median(runs.map(value));
    const ratio = middle((run) => run.ratio);
    return [
      name,
      milliseconds(middle((run) => run.p50Ms)),
      milliseconds(middle((run) => run.p99Ms)),
      `${Math.round(middle((run) => run.requestsPerSecond) ?? 0)}/s`,
      ratio === null ? "–" : ratio.toFixed(3),
      `${runs.reduce((sum, run) => sum + run.failed + run.errors, 0)}`,
    ];
  });
  const rounds = Math.max(0, ...results.contenders.map(({ runs }) => runs.length));
  const head = ["healthy path", "p50", "p99", "throughput", `ratio to ${results.reference}`, "errors"];
  const disturbances = results.contenders.flatMap(({ runs }) => runs.map(({ disturbance }) => disturbance));
  const others = `Other processes took at most ${(100 * Math.max(0, ...disturbances)).toFixed(0)} % of the processors during a round.`;
  const about = `${sentenceOf(results.machine, results.startedAt)} Medians of ${rounds} round${rounds === 1 ? "" : "s"}. ${others}`;
  return `${about}\n\n${table(head, lines)}`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? "–" : `${ms.toFixed(2)} ms`;
}
