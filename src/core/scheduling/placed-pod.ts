/**
 * A pod with what is asked of it again and again.
 * @module
 */
import type { Pod, PodAffinityTerm } from "../../model/snapshot/pod.ts";
import type { LabelSelector, StringMap } from "../../model/snapshot/selectors.ts";
import { type HostPort, hostPortsOf } from "./host-ports.ts";
import { nonZeroRequestsOfPlaced } from "./non-zero-requests.ts";
import { podRequests } from "./pod-requests.ts";
import { type Resources, resourcesOf } from "./resources.ts";
import { selectionOf, type Selection } from "./selection.ts";

/** A term of pod affinity, ready to be asked. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly pods: Selection;
  /** Names of namespaces whose pods it is about. */
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces by their labels, besides the named ones. */
  readonly namespaceSelection: Selection;
}

/** A term that is wished for, by its weight of 1 to 100. */
export interface WeightedTerm {
  readonly term: AffinityTerm;
  /** Negative for anti-affinity. */
  readonly weight: number;
}

/** A pod that runs somewhere or is to run. It never changes. */
export interface PlacedPod {
  readonly pod: Pod;
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly namespace: string;
  readonly labels: StringMap;
  readonly priority: number;
  readonly isTerminating: boolean;
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  readonly affinityTerms: readonly AffinityTerm[];
  readonly antiAffinityTerms: readonly AffinityTerm[];
  /** Affinity and anti-affinity that it only wishes for. */
  readonly preferredTerms: readonly WeightedTerm[];
  /** What it asks for when each container asks for something: what nodes are compared by. */
  readonly nonZeroRequests: Resources;
}

/** Works out what schedulers want to know of a pod. */
export function placedPod(pod: Pod): PlacedPod {
  const { metadata, spec } = pod;
  const { podAffinity, podAntiAffinity } = spec.affinity;
  const wished = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const shunned = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    pod,
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace,
    labels: metadata.labels,
    priority: spec.priority,
    isTerminating: metadata.deletionTimestamp !== undefined,
    requests: resourcesOf(podRequests(pod)),
    hostPorts: hostPortsOf(pod),
    affinityTerms: termsOf(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinityTerms: termsOf(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredTerms: [
      ...wished.map(({ weight, podAffinityTerm }) => ({ weight, term: termOf(pod, podAffinityTerm) })),
      ...shunned.map(({ weight, podAffinityTerm }) => ({ weight: -weight, term: termOf(pod, podAffinityTerm) })),
    ],
    nonZeroRequests: nonZeroRequestsOfPlaced(pod),
  };
}

/** Whether a term is about a pod. The labels of the pod's namespace are those at this moment. */
export function concerns(term: AffinityTerm, pod: PlacedPod, namespaceLabels: StringMap): boolean {
  if (!term.namespaces.has(pod.namespace) && !term.namespaceSelection.matches(namespaceLabels)) return false;
  return term.pods.matches(pod.labels);
}

function termsOf(pod: Pod, terms: readonly PodAffinityTerm[] = []): readonly AffinityTerm[] {
  return terms.map((term) => termOf(pod, term));
}

function termOf({ metadata }: Pod, term: PodAffinityTerm): AffinityTerm {
  const isOwnNamespace = term.namespaces.length === 0 && term.namespaceSelector === undefined;
  return {
    topologyKey: term.topologyKey,
    pods: selectionOf(withLabelKeys(term, metadata.labels)),
    namespaces: new Set(isOwnNamespace ? [metadata.namespace] : term.namespaces),
    namespaceSelection: selectionOf(term.namespaceSelector),
  };
}

/**
 * The selector with what matchLabelKeys and mismatchLabelKeys come to. The API server writes that into the selector when it
 * creates a pod, with the labels of that moment: a key that is there already stays as it is.
 */
function withLabelKeys(term: PodAffinityTerm, labels: StringMap): LabelSelector | undefined {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys } = term;
  if (labelSelector === undefined) return undefined;
  const present = labelSelector.matchExpressions ?? [];
  const added = [
    ...matchLabelKeys.map((key) => ({ key, operator: "In" as const })),
    ...mismatchLabelKeys.map((key) => ({ key, operator: "NotIn" as const })),
  ].flatMap(({ key, operator }) => {
    const value = labels[key];
    if (value === undefined || present.some((other) => other.key === key && other.operator === operator)) return [];
    return [{ key, operator, values: [value] }];
  });
  return added.length === 0 ? labelSelector : { ...labelSelector, matchExpressions: [...present, ...added] };
}
