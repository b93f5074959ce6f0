/**
 * What the loss of nodes comes to for each Service, without time: when every pod has been evicted and every replacement that
 * finds a place has one. https://kubernetes.io/docs/concepts/architecture/nodes/
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Pod } from "../../model/snapshot/pod.ts";
import type { Service } from "../../model/snapshot/workload.ts";
import { isThere } from "../scheduling/cluster-state.ts";
import { serviceSelection } from "../scheduling/selection.ts";
import { afterLoss, type Fate } from "./after-loss.ts";
import type { LossForm } from "./loss.ts";
import { type Needs, needsOf } from "./needs.ts";
import { placeAll, type PlacementOutcome, type PlacementRun } from "./placement-run.ts";

/** A question. */
export interface LossScenario {
  /** Names of the nodes that are lost. */
  readonly nodes: ReadonlySet<string>;
  readonly form: LossForm;
  /** How often chance is tried; the first seed is 1. */
  readonly seeds: number;
}

/** The fewest and the most of all seeds. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** What happens to one Service. Pods that are being deleted, or that wait, do not count as there. */
export interface ServiceImpact {
  /** `<namespace>/<name>`. */
  readonly service: string;
  readonly needs: Needs;
  readonly before: number;
  /** Until replacements run. */
  readonly atWorst: number;
  readonly after: Range;
  /** In how many seeds it ends below what it needs, and the first of them. */
  readonly belowNeeds: { readonly seeds: number; readonly firstSeed?: number };
}

/** A replacement that finds no place. */
export interface PendingPod {
  /** `<namespace>/<name>` of the pod that it replaces. */
  readonly replaces: string;
  readonly seeds: number;
  readonly firstSeed: number;
  /** Of the first seed: how many nodes were rejected for each reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** All that a loss comes to. */
export interface LossImpact {
  readonly seeds: number;
  readonly lostNodes: readonly string[];
  /** Of pods on lost nodes. */
  readonly fates: Readonly<Record<Fate, number>>;
  /** Those that are hit, the worst first. */
  readonly services: readonly ServiceImpact[];
  readonly pending: readonly PendingPod[];
  /** Pods of survivors that had to go for more important ones, in any seed: `<namespace>/<name>`. */
  readonly preempted: readonly string[];
  /** What the result says nothing of. */
  readonly notModelled: readonly string[];
}

/** Simulates a loss with each of the seeds. Neither clock nor chance of its own: the same question has the same answer. */
export function simulateLoss(snapshot: ClusterSnapshot, { nodes, form, seeds }: LossScenario): LossImpact {
  const after = afterLoss(snapshot, nodes, form);
  const runs = Array.from({ length: seeds }, (_, index) => placeAll(after.snapshot, after.waiting, index + 1));
  const fates = { replaced: 0, gone: 0, "of-node": 0, kept: 0 };
  for (const fate of after.fates.values()) fates[fate] += 1;
  const services = snapshot.services
    .map((service) => {
      const selects = podsOf(service);
      const pods = snapshot.pods.filter((pod) => isThere(pod) && selects(pod));
      return impactOf(service, { pods, snapshot, lost: nodes, runs, selects });
    })
    .filter((impact): impact is ServiceImpact => impact !== undefined)
    .toSorted(worstFirst);
  return {
    seeds,
    lostNodes: [...nodes].toSorted(),
    fates,
    services,
    pending: pendingOf(runs),
    preempted: [...new Set(runs.flatMap(({ preempted }) => preempted.map(keyOf)))].toSorted(),
    notModelled: [
      "time: the impact is that after all evictions, which take minutes to hours",
      ...notModelled(snapshot),
    ],
  };
}

interface ServiceScene {
  readonly pods: readonly Pod[];
  readonly snapshot: ClusterSnapshot;
  readonly lost: ReadonlySet<string>;
  readonly runs: readonly PlacementRun[];
  readonly selects: (pod: Pod) => boolean;
}

/** Undefined where nothing of the Service was on a lost node and nothing of it is preempted. */
function impactOf(service: ClusterSnapshot["services"][number], scene: ServiceScene): ServiceImpact | undefined {
  const { pods, snapshot, lost, runs, selects } = scene;
  if (pods.length === 0) return undefined;
  const survivors = pods.filter(({ spec }) => !lost.has(spec.nodeName)).length;
  const ends = runs.map(({ outcomes, preempted }) => {
    const placed = outcomes.filter(({ pod, node }) => node !== undefined && selects(pod)).length;
    return survivors - preempted.filter(selects).length + placed;
  });
  if (survivors === pods.length && ends.every((end) => end === pods.length)) return undefined;
  const needs = needsOf(service, pods, snapshot);
  const below = ends.flatMap((end, index) => (end < needs.pods ? [index + 1] : []));
  const [firstSeed] = below;
  return {
    service: keyOf(service),
    needs,
    before: pods.length,
    atWorst: survivors,
    after: { least: Math.min(...ends), most: Math.max(...ends) },
    belowNeeds: { seeds: below.length, ...(firstSeed === undefined ? {} : { firstSeed }) },
  };
}

/** Those that end below what they need, then those that are below it for a while; the most certain and emptiest first. */
function worstFirst(one: ServiceImpact, other: ServiceImpact): number {
  return (
    other.belowNeeds.seeds - one.belowNeeds.seeds ||
    one.after.least / one.needs.pods - other.after.least / other.needs.pods ||
    one.atWorst / one.needs.pods - other.atWorst / other.needs.pods ||
    (one.service < other.service ? -1 : 1)
  );
}

function pendingOf(runs: readonly PlacementRun[]): readonly PendingPod[] {
  const waiting = runs.flatMap(({ outcomes }, index) =>
    outcomes.filter(({ node }) => node === undefined).map((outcome) => ({ outcome, seed: index + 1 })),
  );
  return [...Map.groupBy(waiting, ({ outcome }) => replacedBy(outcome))]
    .map(([replaces, all]) => ({
      replaces,
      seeds: all.length,
      firstSeed: all[0]?.seed ?? 0,
      reasons: all[0]?.outcome.reasons ?? {},
    }))
    .toSorted((one, other) => other.seeds - one.seeds || (one.replaces < other.replaces ? -1 : 1));
}

function replacedBy({ pod }: PlacementOutcome): string {
  return keyOf(pod).replace(/-anew$/, "");
}

function podsOf(service: Service): (pod: Pod) => boolean {
  const selection = serviceSelection(service);
  return ({ metadata }) => metadata.namespace === service.metadata.namespace && selection.matches(metadata.labels);
}

function keyOf({ metadata }: { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** What no simulation of this cluster says anything of, in words. */
export function notModelled({ pods }: ClusterSnapshot): readonly string[] {
  const others = [...new Set(pods.map(({ spec }) => spec.schedulerName))].filter(
    (name) => name !== "default-scheduler",
  );
  const claims = pods.filter(({ spec }) => spec.resourceClaims.length > 0).length;
  return [
    ...(others.length === 0
      ? []
      : [`other schedulers: pods of ${others.join(", ")} are placed as the default one would`]),
    ...(claims === 0 ? [] : [`dynamic resources: ${claims} pods ask for them, as if they could be had everywhere`]),
  ];
}
