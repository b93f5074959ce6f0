/**
 * The pods of a case put to a scheduler, and what it does with each.
 * @module
 */
import { type KubeObject, keyOf } from "../../../src/adapters/kube/kube-resource.ts";
import { drawNode, type Manifest, type SchedulerCase } from "../scheduler-case.ts";
import type { ClusterUnderTest } from "./cluster-under-test.ts";
import type { Observed } from "./compare.ts";
import type { Extender } from "./extender.ts";
import { failureOf, nodeOf, nominationOf } from "./pod-state.ts";
import { Trouble } from "./trouble.ts";

/** How long the scheduler may take for a pod, in milliseconds. */
const ANSWER_WITHIN_MS = 15_000;

/** The first of the pods that make room is deleted so soon after the node is named, in milliseconds. */
const FIRST_VICTIM_WITHIN_MS = 5_000;

/** The others are within this time of each other. */
const VICTIMS_WITHIN_MS = 200;

/** A scheduler, where it works, and its extender if it has one. */
export interface AskedScheduler {
  readonly cluster: ClusterUnderTest;
  readonly extender: Extender | undefined;
  /** Whether it chooses by its scores among the nodes that pass. Without an extender it does anyway. */
  readonly ranks: boolean;
}

/** One pod that was put to the scheduler. */
export interface AskedPod {
  /** As the API server had it when it was created. */
  readonly pod: KubeObject;
  readonly observed: Observed;
}

/** Asks about all pods of a case whose objects are there. @throws KubeError, Trouble when the extender is not asked */
export async function askScheduler(asked: AskedScheduler, one: SchedulerCase): Promise<readonly AskedPod[]> {
  const { extender } = asked;
  if (extender !== undefined) {
    extender.forget();
    extender.choose = asked.ranks ? ({ nodes }) => nodes : choiceOf(one);
    // Nothing is placed: all of them see the same.
    if (one.mode === "probe" && !asked.ranks) return await allOf(one.pending.map((pod) => askAbout(asked, pod, one)));
  }
  const answers: AskedPod[] = [];
  for (const pod of one.pending) {
    const answer = await askAbout(asked, pod, one);
    answers.push(answer);
    const stays = one.mode === "place" && answer.observed.placedOn !== undefined;
    // One that waits would be tried again after the next was placed; one that has shown where it goes must not stay there.
    if (!stays) await asked.cluster.remove(answer.pod);
  }
  return answers;
}

/** All of them have ended when one of them has failed: the case is removed then. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

/** Only in mode `place` pods get a node, and only those that are asked about. */
function choiceOf({ mode, seed, pending }: SchedulerCase): Extender["choose"] {
  if (mode !== "place") return () => [];
  const indexes = new Map(pending.map(({ metadata }, index) => [`${metadata.namespace}/${metadata.name}`, index]));
  return ({ pod, nodes }) => {
    const index = indexes.get(pod);
    const drawn = index === undefined ? undefined : drawNode(seed, index, nodes);
    return drawn === undefined ? [] : [drawn];
  };
}

async function askAbout(
  { cluster, extender }: AskedScheduler,
  manifest: Manifest,
  { mode }: SchedulerCase,
): Promise<AskedPod> {
  const { pods } = cluster;
  const leaving = new Set(pods.terminating());
  const pod = await cluster.post(manifest);
  const key = keyOf(pod);
  await pods.until(() => failureOf(pods.get(key)) ?? nodeOf(pods.get(key)), ANSWER_WITHIN_MS);
  const node = nominationOf(pods.get(key));
  const victimsNow = (): readonly string[] => pods.terminating().filter((other) => !leaving.has(other));
  if (mode === "preempt" && node !== undefined) {
    // Victims are deleted after the node is named, and side by side.
    await pods.until(() => victimsNow()[0], FIRST_VICTIM_WITHIN_MS);
    await pods.quiet(VICTIMS_WITHIN_MS);
  }
  const victims = victimsNow();
  const message = failureOf(pods.get(key));
  const placedOn = nodeOf(pods.get(key));
  const feasible = extender?.questionOf(pod.metadata.uid ?? "")?.nodes;
  if (extender !== undefined && placedOn !== undefined && feasible === undefined)
    throw new Trouble(
      "usage",
      `the scheduler has placed ${key} without asking the extender at ${extender.place}: start it as --print-config says`,
    );
  const observed: Observed = {
    pod: key,
    ...(feasible === undefined ? {} : { feasible }),
    ...(message === undefined ? {} : { message }),
    ...(placedOn === undefined ? {} : { placedOn }),
    ...(mode === "preempt" && (node !== undefined || victims.length > 0)
      ? { preemption: { node: node ?? "none", victims } }
      : {}),
  };
  return { pod, observed };
}
