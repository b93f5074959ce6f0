/**
 * Results of the benchmark in clusters as data and as Markdown.
 * @module
 */
import { median } from "../../src/core/measure/index.ts";
import { type Machine, sentenceOf } from "../rig/machine.ts";
import { table } from "../rig/markdown.ts";
import { type DeadGatewayMeasure, deadGatewayRows } from "./dead-gateway-run.ts";
import type { FailoverMeasure } from "./failover-run.ts";
import { rows } from "./rows.ts";
import type { ProcessMeasure, ScaleMeasure } from "./scale-run.ts";

/** What the benchmark measured. */
export interface KubernetesResults {
  readonly startedAt: string;
  readonly machine: Machine;
  /** Every run by the id of its row. */
  readonly failover: Readonly<Record<string, readonly FailoverMeasure[]>>;
  readonly deadGateway: readonly DeadGatewayMeasure[];
  readonly scale: readonly ScaleMeasure[];
}

/** Results in which what was measured anew replaces what was there. */
export function mergeKubernetes(before: KubernetesResults | null, added: KubernetesResults): KubernetesResults {
  if (before === null) return added;
  const scale = added.scale.length > 0 ? added.scale : before.scale;
  const deadGateway = added.deadGateway.length > 0 ? added.deadGateway : before.deadGateway;
  return { ...added, failover: { ...before.failover, ...added.failover }, deadGateway, scale };
}

/** Tables: failover, a dead gateway, and a large cluster. */
export function renderKubernetes({ startedAt, machine, failover, deadGateway, scale }: KubernetesResults): string {
  const measured = rows.filter(({ id }) => (failover[id] ?? []).length > 0);
  const disturbances = [...Object.values(failover).flat(), ...deadGateway, ...scale].map(
    ({ disturbance }) => disturbance,
  );
  const others = `Other processes took at most ${(100 * Math.max(0, ...disturbances)).toFixed(0)} % of the processors during a run.`;
  const parts = [`${sentenceOf(machine, startedAt)} ${others}`];
  if (measured.length > 0) {
    const lines = measured.map(({ id, title }) => failoverLine(title, failover[id] ?? []));
    const head = [
      "all pods killed",
      "runs",
      "failed",
      "gap",
      "first word",
      "decision",
      "first write",
      "spread",
      "first answer",
      "checks",
    ];
    const notes = measured.map(({ title, note }) => `- ${title}: ${note}.`);
    parts.push("#### All pods killed, 500 GETs a second", table(head, lines), notes.join("\n"));
  }
  if (deadGateway.length > 0) parts.push("#### A gateway stops answering", renderDeadGateway(deadGateway));
  if (scale.length > 0) parts.push("#### A large cluster", renderScale(scale));
  return parts.join("\n\n");
}

function failoverLine(title: string, runs: readonly FailoverMeasure[]): string[] {
  const of = (value: (run: FailoverMeasure) => number | null): number | null => {
    const values = runs.map(value).filter((one) => one !== null);
    // What did not happen in one run has no median.
    return values.length < runs.length ? null : median(values);
  };
  const ms = (value: (run: FailoverMeasure) => number | null): string => inMs(of(value));
  const most = Math.max(...runs.map(({ failed }) => failed));
  const checks = of((run) => run.checksPerSecond);
  return [
    title,
    `${runs.length}`,
    `${of((run) => run.failed)} (at most ${most}) of ${runs[0]?.requests ?? 0}`,
    ms((run) => run.longestGapMs),
    ms((run) => run.firstWordMs),
    ms((run) => run.decidedMs),
    ms((run) => run.firstWriteMs),
    ms((run) => run.spreadMs),
    ms((run) => run.elsewhereMs),
    checks === null ? "–" : `${checks.toFixed(1)}/s`,
  ];
}

function renderDeadGateway(all: readonly DeadGatewayMeasure[]): string {
  const lines = deadGatewayRows.flatMap(({ services, leader }) => {
    const runs = all.filter((run) => run.services === services && run.leader === leader);
    if (runs.length === 0) return [];
    const ms = (value: (run: DeadGatewayMeasure) => number): string => inMs(median(runs.map(value)) ?? null);
    return [
      [
        `${services} Services${leader ? ", and the leader is killed" : ""}`,
        `${runs.length}`,
        ms((run) => run.firstMs),
        ms((run) => run.lastMs),
        `${Math.max(...runs.map(({ writes }) => writes))}`,
      ],
    ];
  });
  return table(["a gateway of two stops answering", "runs", "first Service", "last Service", "writes, at most"], lines);
}

function renderScale(runs: readonly ScaleMeasure[]): string {
  const [first] = runs;
  if (first === undefined) return "";
  const of = (process: "controller" | "agent", value: (one: ProcessMeasure) => number): number =>
    median(runs.map((run) => value(run[process]))) ?? 0;
  const line = (process: "controller" | "agent"): string[] => [
    process,
    `${of(process, (one) => one.rssMb).toFixed(0)} MB`,
    `${of(process, (one) => one.peakMb).toFixed(0)} MB`,
    `${(100 * of(process, (one) => one.steadyShare)).toFixed(2)} %`,
    `${(of(process, (one) => one.settledMs) / 1000).toFixed(1)} s`,
    first[process].lists.map(({ kind, times }) => `${kind} ${times}`).join(", "),
  ];
  const { scale, writes } = first;
  const about = `${scale.services} Services with ${scale.services * scale.podsEach} endpoints, ${scale.protected} of them protected in two sites; ${runs.length} run${runs.length === 1 ? "" : "s"}.`;
  const head = [
    "process",
    "memory",
    "at most",
    "steady, of a core",
    "from its start until settled",
    "lists at its start",
  ];
  const counted = table(
    ["one change", ...writes.map(({ change }) => change)],
    [["writes", ...writes.map(({ requests }) => `${requests.length}`)]],
  );
  return `${about}\n\n${table(head, [line("controller"), line("agent")])}\n\n${counted}`;
}

function inMs(ms: number | null): string {
  if (ms === null) return "–";
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
