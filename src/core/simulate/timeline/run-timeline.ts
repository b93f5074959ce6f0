/**
 * One run of a simulation: what happens after a loss, as one seed decides what is chance.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { SeededChance } from "../seeded-chance.ts";
import { addCopies, templateOf } from "./added-nodes.ts";
import { controlPlaneFate } from "./control-plane.ts";
import type { TimelineEvent } from "./event-log.ts";
import { LiveCluster, type LivePod } from "./live-cluster.ts";
import { type BlockingBudget, NodeDrain } from "./node-drain.ts";
import { NodeLifecycle } from "./node-lifecycle.ts";
import { PodCollection } from "./pod-collection.ts";
import { type PodSeed, podSeeds } from "./pod-seed.ts";
import { SchedulingLoop } from "./scheduling-loop.ts";
import { type CurvePoint, ServiceCurves } from "./service-curves.ts";
import { type StartUp, startUpTimes } from "./start-up.ts";
import { type StuckPods, stuckPods } from "./stuck-pods.ts";
import { TaintEviction } from "./taint-eviction.ts";
import type { TimelineScenario } from "./timeline-scenario.ts";
import { VolumeAttachments } from "./volume-attachments.ts";
import { WorkloadControllers } from "./workload-controllers.ts";

/** A cluster with what all runs share. */
export interface PreparedCluster {
  readonly snapshot: ClusterSnapshot;
  readonly seeds: readonly PodSeed[];
  readonly startUps: ReadonlyMap<string, StartUp>;
}

/** Works out what all runs share. The order of objects decides nothing from here on. */
export function prepareCluster(snapshot: ClusterSnapshot, startUpMs: number): PreparedCluster {
  const ordered = {
    ...snapshot,
    nodes: snapshot.nodes.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)),
    services: snapshot.services.toSorted((one, other) => (serviceName(one) < serviceName(other) ? -1 : 1)),
  };
  const seeds = podSeeds(ordered);
  return { snapshot: ordered, seeds, startUps: startUpTimes(seeds, startUpMs) };
}

/** A pod that has no place at the end, or was never created. */
export interface WaitingPod {
  /** `<namespace>/<name>` of the pod that it replaces; of itself where it waited before. */
  readonly replaces: string;
  readonly workload: string;
  /** Nodes by the reason for which they were rejected; no nodes where the reason is not about nodes. */
  readonly reasons: ReadonlyMap<string, readonly string[]>;
}

/** Where a pod came to. */
export interface PodOutcome {
  readonly replaces: string;
  readonly node: string | undefined;
  readonly isReady: boolean;
}

/** What came of one seed. */
export interface TimelineRun {
  readonly seed: number;
  /** By the position of the Service, as of `before`. */
  readonly curves: readonly (readonly CurvePoint[])[];
  readonly before: readonly number[];
  readonly waiting: readonly WaitingPod[];
  /** Of all pods at the end but those that are being deleted. */
  readonly outcomes: readonly PodOutcome[];
  /** Pods that are neither gone nor replaced, nor ready; none without a control plane: then nothing goes on at all. */
  readonly stuck: readonly StuckPods[];
  readonly preempted: readonly string[];
  readonly blocking: readonly BlockingBudget[];
  readonly notDrained: readonly string[];
  readonly events: readonly TimelineEvent[];
}

/** Simulates until the end of the scenario. */
export function runTimeline(prepared: PreparedCluster, scenario: TimelineScenario, seed: number): TimelineRun {
  const cluster = new LiveCluster(prepared.snapshot, prepared.seeds);
  const chance = new SeededChance(seed);
  const curves = new ServiceCurves(cluster);
  const lost = [...scenario.nodes].toSorted();
  const isDrain = scenario.form === "drained";
  if (!isDrain && controlPlaneFate(prepared.snapshot, scenario.nodes).fate === "lost") {
    cluster.observers = [{ serviceChanged: (pod, now, before) => curves.changed(pod, cluster.now, { now, before }) }];
    for (const name of lost) cluster.loseNode(name);
    if (lost.length > 0) cluster.log.add("nodes lost", 0, lost.join(", "));
    cluster.log.add("control plane lost", 0, "nothing is noticed, evicted or replaced");
    cluster.queue.runUntil(scenario.untilMs);
    return resultOf(cluster, { curves, seed });
  }

  const volumes = new VolumeAttachments(cluster);
  const workloads = new WorkloadControllers(cluster);
  const eviction = new TaintEviction(cluster, chance);
  const scheduling = new SchedulingLoop(cluster, { chance, onBound: (pod) => start(pod) });
  cluster.observers = [
    { serviceChanged: (pod, now, before) => curves.changed(pod, cluster.now, { now, before }) },
    {
      podCreated: (pod) => scheduling.podCreated(pod),
      podGone: (pod) => volumes.podGone(pod),
      podPlaced: (pod) => eviction.podPlaced(pod),
    },
    {
      podDeleted: (pod) => workloads.podDeleted(pod),
      podGone: (pod) => workloads.podGone(pod),
      podReady: (pod) => workloads.podReady(pod),
    },
    {
      podDeleted: () => scheduling.clusterChanged(),
      podGone: () => scheduling.clusterChanged(),
      nodeChanged: () => scheduling.clusterChanged(),
    },
  ];
  finishTerminating(cluster);
  workloads.start();
  for (const added of scenario.added) {
    const template = templateOf(added.pool, prepared.snapshot, scenario.nodes);
    if (template !== undefined) addCopies(cluster, template, added);
  }
  const drain = isDrain ? new NodeDrain(cluster, lost, chance) : undefined;
  if (!isDrain) lose();
  cluster.queue.runUntil(scenario.untilMs);
  return resultOf(cluster, {
    curves,
    seed,
    scheduling,
    workloads,
    drain,
    stuck: stuckPods(cluster, volumes, isDrain ? new Set() : scenario.nodes),
  });

  function lose(): void {
    if (lost.length > 0) cluster.log.add("nodes lost", 0, lost.join(", "));
    for (const name of lost) cluster.loseNode(name);
    if (scenario.form === "deleted") {
      for (const name of lost) cluster.deleteNode(name);
      if (lost.length > 0) cluster.log.add("Node objects deleted", 0, lost.join(", "));
    }
    // They look at nodes as they are now: the loss is the first thing that they do not know.
    void new NodeLifecycle(cluster, {
      chance,
      outOfService: scenario.form === "out-of-service",
      onNoExecute: (node, taint) => eviction.taintChanged(node, taint),
    });
    void new PodCollection(cluster, chance);
  }

  /** A kubelet that works starts a pod once its volumes are there. */
  function start(pod: LivePod): void {
    volumes.attach(pod, () => {
      const startUp = prepared.startUps.get(pod.seed.workload);
      cluster.queue.at(cluster.now + (startUp?.ms ?? scenario.startUpMs), () => {
        if (pod.isGone || pod.isTerminating || cluster.nodes.get(pod.node ?? "")?.isAlive !== true) return;
        cluster.log.add("replacement ready", cluster.now, pod.replaces);
        cluster.markReady(pod);
      });
    });
  }
}

/** Pods that were being deleted already end within their grace period, where their node works. */
function finishTerminating(cluster: LiveCluster): void {
  for (const pod of cluster.pods) {
    if (!pod.isTerminating) continue;
    cluster.queue.at(pod.form.pod.spec.terminationGracePeriodSeconds * 1000, () => {
      if (cluster.nodes.get(pod.node ?? "")?.isAlive === true) cluster.removePod(pod);
    });
  }
}

interface RunParts {
  readonly curves: ServiceCurves;
  readonly seed: number;
  readonly scheduling?: SchedulingLoop;
  readonly workloads?: WorkloadControllers;
  readonly drain?: NodeDrain | undefined;
  readonly stuck?: readonly StuckPods[];
}

function resultOf(
  cluster: LiveCluster,
  { curves, seed, scheduling, workloads, drain, stuck = [] }: RunParts,
): TimelineRun {
  const pending = scheduling === undefined ? [] : scheduling.pending().map((pod) => waitingPod(pod, scheduling));
  const refused = (workloads?.refused() ?? []).map(({ replaces, seed: { workload }, quota }) => ({
    replaces,
    workload,
    reasons: new Map([[`quota ${quota} lets no pod be created`, []]]),
  }));
  return {
    seed,
    curves: curves.curves(),
    before: curves.before(),
    waiting: [...pending, ...refused],
    outcomes: [...cluster.pods]
      .filter(({ isTerminating }) => !isTerminating)
      .map(({ replaces, node, isReady }) => ({ replaces, node, isReady })),
    stuck,
    preempted: [...(scheduling?.preempted() ?? [])].toSorted(),
    blocking: drain?.blocking() ?? [],
    notDrained: drain?.notDrained() ?? [],
    events: cluster.log.events(),
  };
}

function waitingPod(pod: LivePod, scheduling: SchedulingLoop): WaitingPod {
  const { rejections, refusal } = scheduling.explain(pod);
  const reasons = new Map<string, string[]>(refusal === undefined ? [] : [[refusal, []]]);
  for (const [node, rejection] of rejections)
    for (const reason of rejection.reasons) reasons.set(reason, [...(reasons.get(reason) ?? []), node.name]);
  return { replaces: pod.replaces, workload: pod.seed.workload, reasons };
}

function serviceName({ metadata }: ClusterSnapshot["services"][number]): string {
  return `${metadata.namespace}/${metadata.name}`;
}
