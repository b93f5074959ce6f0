/**
 * Results of the control plane's benchmark as data and as Markdown.
 * @module
 */
import { median } from "../../src/core/measure/index.ts";
import { table } from "../rig/markdown.ts";
import { type Machine, sentenceOf } from "../rig/machine.ts";
import type { XdsMeasure, XdsScale } from "./run.ts";

/** What the benchmark measured. */
export interface XdsResults {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly scale: XdsScale;
  readonly runs: readonly XdsMeasure[];
}

/** A table with the medians of the runs. */
export function renderXds({ startedAt, machine, scale, runs }: XdsResults): string {
  const middle = (value: (run: XdsMeasure) => number): string => (median(runs.map(value)) ?? 0).toFixed(1);
  const timed = (name: string, values: (run: XdsMeasure) => readonly number[]): string[] => [
    name,
    `${middle((run) => quantile(values(run), 0.5))} ms`,
    `${middle((run) => quantile(values(run), 0.99))} ms`,
    `${middle((run) => values(run).at(-1) ?? 0)} ms`,
  ];
  const lines = [
    timed("noticed → acknowledged", (run) => run.acknowledgedMs),
    timed("file written → acknowledged", (run) => run.fromFileMs),
  ];
  const others = `Other processes took at most ${(100 * Math.max(...runs.map((run) => run.disturbance))).toFixed(0)} % of the processors during a run.`;
  const about = `${sentenceOf(machine, startedAt)} ${scale.services} services in two sites, ${scale.changes} changes, one at a time; medians of ${runs.length} run${runs.length === 1 ? "" : "s"}. ${others}`;
  const rest = [
    `Bytes sent per change: ${middle((run) => run.bytesPerChange)}.`,
    `All services into all four gateways: ${(Number(middle((run) => run.setUpMs)) / 1000).toFixed(1)} s.`,
    `Agent killed and started again: ${Math.max(...runs.map((run) => run.restartBytes))} bytes sent to Envoy, ${middle((run) => run.restartMs)} ms from its start until Envoy had said that it lacks nothing.`,
  ].join(" ");
  return `${about}\n\n${table(["one endpoint changed", "p50", "p99", "max"], lines)}\n\n${rest}`;
}

/** Nearest rank; 0 of nothing. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
