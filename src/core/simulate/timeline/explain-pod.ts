/**
 * Why a pod has a place after a loss, or has none.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { type Certainty, certaintyOf } from "./certainty.ts";
import { type RejectedNodes, rejectedNodes } from "./pending-replacements.ts";
import { prepareCluster, runTimeline, type TimelineRun } from "./run-timeline.ts";
import type { TimelineScenario } from "./timeline-scenario.ts";

/** What became of one pod at the end of the simulation. */
export interface PodExplanation {
  /** `<namespace>/<name>` before the loss. */
  readonly pod: string;
  /** `<kind> <namespace>/<name>` of its controller. */
  readonly workload: string;
  /** Its node before the loss. */
  readonly node?: string;
  /** Where it, or its replacement, is; the most frequent first. */
  readonly placed: readonly { readonly node: string; readonly isReady: boolean; readonly certainty: Certainty }[];
  /** It, or its replacement, has no place. The reasons are those of the first such seed. */
  readonly waits?: { readonly certainty: Certainty; readonly reasons: readonly RejectedNodes[] };
  /** It is gone, or is being deleted, and nobody makes another one. */
  readonly gone?: Certainty;
}

/**
 * Explains a pod by its key `<namespace>/<name>`, or by its name where one namespace has it.
 * @returns the names of pods that could be meant, where it is none or several
 */
export function explainPod(
  snapshot: ClusterSnapshot,
  scenario: TimelineScenario,
  name: string,
): PodExplanation | readonly string[] {
  const prepared = prepareCluster(snapshot, scenario.startUpMs);
  const meant = prepared.seeds.filter(({ form }) => form.key === name || form.pod.metadata.name === name);
  const [seed] = meant;
  if (seed === undefined || meant.length > 1)
    return (meant.length > 1 ? meant : prepared.seeds).map(({ form }) => form.key);
  const { key } = seed.form;
  const runs = scenario.seeds.map((one) => runTimeline(prepared, scenario, one));
  const { nodeName } = seed.form.pod.spec;
  return {
    pod: key,
    workload: seed.workload,
    ...(nodeName === "" ? {} : { node: nodeName }),
    placed: placesOf(key, runs),
    ...waitOf(key, runs),
    ...goneOf(key, runs),
  };
}

function placesOf(key: string, runs: readonly TimelineRun[]): PodExplanation["placed"] {
  const places = runs.flatMap(({ seed, outcomes }) =>
    outcomes
      .filter(({ replaces, node }) => replaces === key && node !== undefined)
      .map(({ node = "", isReady }) => ({ seed, node, isReady })),
  );
  return [...Map.groupBy(places, ({ node, isReady }) => `${node} ${isReady}`).values()]
    .toSorted((one, other) => other.length - one.length)
    .map((same) => ({
      node: same[0]?.node ?? "",
      isReady: same[0]?.isReady ?? false,
      certainty: certaintyOf(
        same.map(({ seed }) => seed),
        runs.length,
      ),
    }));
}

function waitOf(key: string, runs: readonly TimelineRun[]): Pick<PodExplanation, "waits"> {
  const waiting = runs.flatMap(({ seed, waiting: pods }) => {
    const pod = pods.find(({ replaces }) => replaces === key);
    return pod === undefined ? [] : [{ seed, pod }];
  });
  const [first] = waiting;
  if (first === undefined) return {};
  const seeds = waiting.map(({ seed }) => seed);
  return { waits: { certainty: certaintyOf(seeds, runs.length), reasons: rejectedNodes(first.pod.reasons) } };
}

function goneOf(key: string, runs: readonly TimelineRun[]): Pick<PodExplanation, "gone"> {
  const seeds = runs
    .filter(({ outcomes, waiting }) => ![...outcomes, ...waiting].some(({ replaces }) => replaces === key))
    .map(({ seed }) => seed);
  return seeds.length === 0 ? {} : { gone: certaintyOf(seeds, runs.length) };
}
