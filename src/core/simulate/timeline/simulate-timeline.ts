/**
 * What the loss of nodes comes to for each Service over time: what controllers do, and when.
 * https://kubernetes.io/docs/concepts/architecture/nodes/
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { TimelineForm } from "../loss.ts";
import { notModelled } from "../simulate-loss.ts";
import { serviceBounds } from "./certainty.ts";
import { type ControlPlaneFate, controlPlaneFate } from "./control-plane.ts";
import type { TimelineEvent } from "./event-log.ts";
import type { BlockingBudget } from "./node-drain.ts";
import { pendingPods, type PendingReplacement } from "./pending-replacements.ts";
import { type PreparedCluster, prepareCluster, runTimeline, type TimelineRun } from "./run-timeline.ts";
import { serviceTimeline, type ServiceTimeline, worstFirst } from "./service-timeline.ts";
import type { StartUp } from "./start-up.ts";
import type { StuckPods } from "./stuck-pods.ts";
import type { TimelineScenario } from "./timeline-scenario.ts";

/** All that a loss comes to until some moment. Times are milliseconds since the loss. */
export interface TimelineImpact {
  readonly seeds: readonly number[];
  readonly form: TimelineForm;
  readonly untilMs: number;
  readonly lostNodes: readonly string[];
  readonly controlPlane: ControlPlaneFate;
  /** Those that are hit, the worst first. */
  readonly services: readonly ServiceTimeline[];
  /** Pods without a place at the end that have one without the loss. */
  readonly pending: readonly PendingReplacement[];
  /** Pods that are neither gone nor replaced at the end, nor ready. Of the first seed. */
  readonly stuck: readonly StuckPods[];
  /** Pods of survivors that had to go for more important ones, in any seed. */
  readonly preempted: readonly string[];
  /** Of a drain: budgets that refused evictions, in any seed. */
  readonly blocking: readonly BlockingBudget[];
  /** Of a drain: nodes that are not empty at the end, in any seed. */
  readonly notDrained: readonly string[];
  /** Pods on lost nodes that nobody makes anew. */
  readonly bare: readonly string[];
  /** Of the first seed. */
  readonly events: readonly TimelineEvent[];
  /** How long the workloads of the lost pods take to start. */
  readonly startUps: readonly WorkloadStartUp[];
  readonly notModelled: readonly string[];
}

/** The start-up time of a workload that lost pods. */
export interface WorkloadStartUp extends StartUp {
  /** `<kind> <namespace>/<name>`. */
  readonly workload: string;
}

/** Simulates a loss with each of the seeds. Neither clock nor chance of its own: the same question has the same answer. */
export function simulateTimeline(snapshot: ClusterSnapshot, scenario: TimelineScenario): TimelineImpact {
  const prepared = prepareCluster(snapshot, scenario.startUpMs);
  const runs = scenario.seeds.map((seed) => runTimeline(prepared, scenario, seed));
  const baselines = baselineRuns(prepared, scenario);
  const controlPlane = controlPlaneFate(snapshot, scenario.form === "drained" ? new Set() : scenario.nodes);
  const bounds = serviceBounds(prepared.snapshot, prepared.seeds, scenario);
  const services = prepared.snapshot.services
    .map((service, index) =>
      serviceTimeline(service, {
        prepared,
        index,
        runs,
        untilMs: scenario.untilMs,
        bounds: bounds[index] ?? NO_BOUNDS,
        before: runs.map((run) => run.before[index] ?? 0),
      }),
    )
    .filter((impact) => impact !== undefined)
    .toSorted(worstFirst);
  const onLost = prepared.seeds.filter(({ form }) => scenario.nodes.has(form.pod.spec.nodeName));
  const workloads = new Set(onLost.filter(({ owner }) => owner !== undefined).map(({ workload }) => workload));
  return {
    seeds: scenario.seeds,
    form: scenario.form,
    untilMs: scenario.untilMs,
    lostNodes: [...scenario.nodes].toSorted(),
    controlPlane,
    services,
    pending: pendingPods(runs, baselines),
    stuck: runs[0]?.stuck ?? [],
    preempted: [...new Set(runs.flatMap(({ preempted }) => preempted))].toSorted(),
    blocking: blockingOf(runs),
    notDrained: [...new Set(runs.flatMap(({ notDrained }) => notDrained))].toSorted(),
    bare: onLost.filter(({ owner }) => owner === undefined).map(({ form }) => form.key),
    events: runs[0]?.events ?? [],
    startUps: [...prepared.startUps]
      .filter(([workload]) => workloads.has(workload))
      .map(([workload, startUp]) => ({ workload, ...startUp })),
    notModelled: [...notModelled(snapshot), ...quotasLeftOut(snapshot)],
  };
}

const NO_BOUNDS = { least: 0, most: Number.POSITIVE_INFINITY, atLoss: Number.POSITIVE_INFINITY };

/** The same without the loss, where anything happens without one: pods wait, end, or are added. */
function baselineRuns(
  { snapshot, seeds, startUps }: PreparedCluster,
  scenario: TimelineScenario,
): readonly TimelineRun[] {
  const isQuiet =
    snapshot.horizontalPodAutoscalers.length === 0 &&
    seeds.every(({ form }) => form.pod.spec.nodeName !== "" && !form.isTerminating);
  if (isQuiet) return [];
  const nothing = { ...scenario, nodes: new Set<string>(), form: "unreachable" as const, added: [] };
  return scenario.seeds.map((seed) => runTimeline({ snapshot, seeds, startUps }, nothing, seed));
}

/** Of each budget the time for which it refused longest. */
function blockingOf(runs: readonly TimelineRun[]): readonly BlockingBudget[] {
  const all = runs.flatMap(({ blocking }) => blocking);
  const lengthOf = ({ sinceMs, untilMs, ends }: BlockingBudget): number =>
    ends === "allowed" ? untilMs - sinceMs : Number.POSITIVE_INFINITY;
  return [...Map.groupBy(all, ({ budget }) => budget).values()]
    .map((own) => own.reduce((longest, one) => (lengthOf(one) > lengthOf(longest) ? one : longest)))
    .toSorted((one, other) => (one.budget < other.budget ? -1 : 1));
}

function quotasLeftOut({ resourceQuotas }: ClusterSnapshot): readonly string[] {
  const scoped = resourceQuotas.filter(({ spec }) => spec.scopes.length > 0 || spec.scopeSelector !== undefined).length;
  return scoped === 0 ? [] : [`quotas with a scope: ${scoped} of them refuse nothing here`];
}
