/**
 * Which pod is on which node, and what that leaves of the nodes. Changes as pods are placed and removed.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { Node, Taint } from "../../model/snapshot/node.ts";
import type { StringMap } from "../../model/snapshot/selectors.ts";
import { type PlacedPod, placedPod } from "./placed-pod.ts";
import { addResources, milliAmounts, noResources, type Resources, resourcesOf } from "./resources.ts";
import { parseMilli, wholeUnits } from "./quantity.ts";
import { PodOwners } from "./pod-owners.ts";
import { StorageIndex } from "./storage-index.ts";

/** A node and the pods on it. */
export interface NodeState {
  readonly node: Node;
  readonly name: string;
  readonly labels: StringMap;
  readonly taints: readonly Taint[];
  readonly allocatable: Resources;
  /** How many pods may be on it. */
  readonly allowedPods: number;
  /** What its pods ask for together. */
  readonly requested: Resources;
  /** The same where each container asks for something. */
  readonly nonZeroRequested: Resources;
  readonly pods: Set<PlacedPod>;
}

/** Whether a pod has ended: it is on no node any more, whatever it says. */
export function hasEnded({ status }: PlacedPod["pod"]): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}

/** Whether a pod is on a node, and neither has ended nor is being deleted. */
export function isThere(pod: PlacedPod["pod"]): boolean {
  return pod.spec.nodeName !== "" && pod.metadata.deletionTimestamp === undefined && !hasEnded(pod);
}

/** A cluster at one moment. Pods on nodes that are not there belong to no node. */
export class ClusterState {
  nodes: readonly NodeState[];
  readonly storage: StorageIndex;
  readonly owners: PodOwners;
  /** As they are at this moment: whoever moves pods about brings their status up to date. */
  disruptionBudgets: ClusterSnapshot["podDisruptionBudgets"];
  readonly #nodesByName: Map<string, NodeState>;
  readonly #namespaceLabels: ReadonlyMap<string, StringMap>;
  readonly #nominated = new Map<NodeState, Set<PlacedPod>>();

  constructor(snapshot: ClusterSnapshot) {
    this.nodes = snapshot.nodes.map(emptyNode);
    this.#nodesByName = new Map(this.nodes.map((node) => [node.name, node]));
    this.#namespaceLabels = new Map(
      snapshot.namespaces.map(({ metadata }) => [metadata.name, metadata.labels] as const),
    );
    this.storage = new StorageIndex(snapshot);
    this.owners = new PodOwners(snapshot);
    this.disruptionBudgets = snapshot.podDisruptionBudgets;
    for (const pod of snapshot.pods) {
      if (hasEnded(pod)) continue;
      const node = this.#nodesByName.get(pod.spec.nodeName);
      if (node !== undefined) this.place(placedPod(pod), node);
      const nominated = pod.spec.nodeName === "" ? this.#nodesByName.get(pod.status.nominatedNodeName) : undefined;
      if (nominated !== undefined) this.nominate(placedPod(pod), nominated);
    }
  }

  /** The node of a name. */
  node(name: string): NodeState | undefined {
    return this.#nodesByName.get(name);
  }

  /** Labels of a namespace; none when it is not known. */
  namespaceLabels(namespace: string): StringMap {
    return this.#namespaceLabels.get(namespace) ?? {};
  }

  /** Names of all namespaces whose labels are selected. */
  namespacesWith(matches: (labels: StringMap) => boolean): readonly string[] {
    return [...this.#namespaceLabels].filter(([, labels]) => matches(labels)).map(([name]) => name);
  }

  /** Puts a pod onto a node, whether it fits or not. */
  place(pod: PlacedPod, node: NodeState): void {
    node.pods.add(pod);
    addResources(node.requested, pod.requests, 1);
    addResources(node.nonZeroRequested, pod.nonZeroRequests, 1);
    this.storage.use(pod);
  }

  /** Takes a pod from the node that it is on. */
  remove(pod: PlacedPod, node: NodeState): void {
    if (!node.pods.delete(pod)) return;
    addResources(node.requested, pod.requests, -1);
    addResources(node.nonZeroRequested, pod.nonZeroRequests, -1);
    this.storage.release(pod);
  }

  /** A node is new, or is not what it was: its labels, its taints or what it has to give. The pods on it stay. */
  setNode(node: Node): NodeState {
    const present = this.#nodesByName.get(node.metadata.name);
    if (present !== undefined) {
      const { pods: _pods, requested: _requested, nonZeroRequested: _nonZero, ...facts } = emptyNode(node);
      return Object.assign(present, facts);
    }
    const added = emptyNode(node);
    this.nodes = [...this.nodes, added];
    this.#nodesByName.set(added.name, added);
    return added;
  }

  /** A node is gone, and all pods on it are on no node any more. */
  removeNode(name: string): void {
    const gone = this.#nodesByName.get(name);
    if (gone === undefined) return;
    for (const pod of gone.pods) this.remove(pod, gone);
    this.nodes = this.nodes.filter((node) => node !== gone);
    this.#nodesByName.delete(name);
    this.#nominated.delete(gone);
  }

  /** Remembers that room is being made on a node for a pod. */
  nominate(pod: PlacedPod, node: NodeState): void {
    const present = this.#nominated.get(node);
    if (present === undefined) this.#nominated.set(node, new Set([pod]));
    else present.add(pod);
  }

  /** No room is being made for a pod any more. */
  withdraw(pod: PlacedPod, node: NodeState): void {
    this.#nominated.get(node)?.delete(pod);
  }

  /** Pods for which room is being made on a node. */
  nominatedTo(node: NodeState): ReadonlySet<PlacedPod> {
    return this.#nominated.get(node) ?? new Set();
  }
}

function emptyNode(node: Node): NodeState {
  return {
    node,
    name: node.metadata.name,
    labels: node.metadata.labels,
    taints: node.spec.taints,
    allocatable: resourcesOf(milliAmounts(node.status.allocatable)),
    allowedPods: wholeUnits(parseMilli(node.status.allocatable["pods"] ?? 0) ?? 0),
    requested: noResources(),
    nonZeroRequested: noResources(),
    pods: new Set(),
  };
}
