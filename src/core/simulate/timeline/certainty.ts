/**
 * What can be said for sure, whatever order and ties decide.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { ClusterState } from "../../scheduling/cluster-state.ts";
import { type Feasibility, findFeasible } from "../../scheduling/feasibility.ts";
import { placedPod } from "../../scheduling/placed-pod.ts";
import { replacementOf } from "../after-loss.ts";
import { copiesOf, templateOf } from "./added-nodes.ts";
import type { PodSeed } from "./pod-seed.ts";
import { belongsToNode } from "./taint-eviction.ts";
import type { TimelineScenario } from "./timeline-scenario.ts";

/** How sure it is that something happens. */
export type Certainty =
  /** No order and no tie can change it. */
  | { readonly kind: "proved" }
  /** In all seeds that were tried. */
  | { readonly kind: "always"; readonly seeds: number }
  /** In some of them; `seed` is the first that shows it. */
  | { readonly kind: "possible"; readonly count: number; readonly seeds: number; readonly seed: number }
  /** In none of them. */
  | { readonly kind: "never"; readonly seeds: number }
  /** It cannot happen, whatever order and ties decide. */
  | { readonly kind: "impossible" };

/** What all seeds together say. @param holding the seeds in which it happens */
export function certaintyOf(holding: readonly number[], all: number): Certainty {
  const [seed] = holding;
  if (seed === undefined) return { kind: "never", seeds: all };
  return holding.length === all
    ? { kind: "always", seeds: all }
    : { kind: "possible", count: holding.length, seeds: all, seed };
}

/** Bounds that hold in every run. */
export interface ServiceBounds {
  /** Never more than so many replicas at once, from the loss on. */
  readonly most: number;
  /** Never fewer. */
  readonly least: number;
  /** Never more right after the loss. */
  readonly atLoss: number;
}

/**
 * Bounds of Services, by their position.
 *
 * `most`: survivors, and each pod that is lost, that waits or that is not ready, if any node could ever take it. A node that
 * cannot take a pod while it is empty and untouched by the loss never can: what filters look at besides are pods that are
 * there, and those only take away (resources, ports, anti-affinity, skew: a spread over empty domains lets any first pod
 * in). But for two: required pod affinity, whose pods count as placeable anywhere, and limits of volumes, which do not count
 * what pods that are there have attached already: nodes with too low a limit count as taking the pod. There is no bound where an autoscaler, or a
 * DaemonSet on a new node, may add pods, and of a drain, whose nodes serve as long as budgets keep their pods.
 *
 * `atLoss`: survivors, and those that waited before, which may be started by then: everything else is noticed first, and that
 * takes time in every run.
 *
 * `least`: survivors, if none of them can be preempted: preemption takes pods of a lower priority than that of one that
 * waits, and whatever waits was lost, waited before, or was preempted by such a one in turn.
 */
export function serviceBounds(
  snapshot: ClusterSnapshot,
  seeds: readonly PodSeed[],
  scenario: TimelineScenario,
): readonly ServiceBounds[] {
  const canRun = placeability(snapshot, scenario);
  const isLost = ({ form }: PodSeed): boolean => scenario.nodes.has(form.pod.spec.nodeName);
  const waits = (seed: PodSeed): boolean => isLost(seed) || seed.form.pod.spec.nodeName === "";
  const scaled = new Set(snapshot.horizontalPodAutoscalers.map(({ metadata }) => metadata.namespace));
  const highest = seeds
    .filter((seed) => waits(seed) || scaled.has(seed.form.namespace))
    .reduce((most, { form }) => Math.max(most, form.priority), Number.NEGATIVE_INFINITY);
  return snapshot.services.map((service, index) => {
    const own = seeds.filter(({ services }) => services.includes(index));
    const survivors = own.filter((seed) => seed.isReady && !isLost(seed));
    const others = own.filter((seed) => !seed.isReady || isLost(seed));
    const placeable = others.filter((seed) => !waits(seed) || (!isNever(seed, scenario) && canRun(seed))).length;
    const mayGo = survivors.some(({ form }) => form.priority < highest);
    const mayGrow =
      scenario.form === "drained" ||
      scaled.has(service.metadata.namespace) ||
      (scenario.added.length > 0 && own.some(({ owner }) => belongsToNode(owner?.kind)));
    const waited = others.filter((seed) => seed.form.pod.spec.nodeName === "").length;
    return {
      atLoss: mayGrow ? Number.POSITIVE_INFINITY : survivors.length + waited,
      most: mayGrow ? Number.POSITIVE_INFINITY : survivors.length + placeable,
      least: mayGo ? 0 : survivors.length,
    };
  });
}

/** Nobody makes such a pod anew, as long as its node is not there again. */
function isNever(seed: PodSeed, { nodes, form }: TimelineScenario): boolean {
  if (!nodes.has(seed.form.pod.spec.nodeName)) return false;
  const kind = seed.owner?.kind;
  return kind === undefined || belongsToNode(kind) || (kind === "StatefulSet" && form === "unreachable");
}

/** What a node says whose limit of volumes is too low, unless a pod there has the same ones attached. */
const TOO_MANY_VOLUMES = "node(s) exceed max volume count";

function couldRun({ nodes, rejections }: Feasibility): boolean {
  return nodes.length > 0 || [...rejections.values()].some(({ reasons }) => reasons.includes(TOO_MANY_VOLUMES));
}

/** Whether any node that is left, or comes, could take a pod while it is empty. */
function placeability(snapshot: ClusterSnapshot, { nodes, added }: TimelineScenario): (seed: PodSeed) => boolean {
  const copies = added.flatMap((one) => {
    const template = templateOf(one.pool, snapshot, nodes);
    return template === undefined ? [] : copiesOf(template, one);
  });
  const left = [...snapshot.nodes.filter(({ metadata }) => !nodes.has(metadata.name)), ...copies];
  const empty = new ClusterState({ ...snapshot, nodes: left, pods: [] });
  const known = new Map<number, boolean>();
  return ({ form: { pod }, likeness }) => {
    if ((pod.spec.affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0) return true;
    const can = known.get(likeness) ?? couldRun(findFeasible(placedPod(replacementOf(pod)), empty));
    known.set(likeness, can);
    return can;
  };
}
