/**
 * A cluster that changes as simulated time passes: its pods and nodes, what the scheduler sees of them, and who is told.
 * @module
 */
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import type { PodDisruptionBudget } from "../../../model/snapshot/disruption-budget.ts";
import type { Node, Taint } from "../../../model/snapshot/node.ts";
import type { Pod } from "../../../model/snapshot/pod.ts";
import { ClusterState, type NodeState } from "../../scheduling/cluster-state.ts";
import { type PlacedPod, placedPod } from "../../scheduling/placed-pod.ts";
import { selectionOf, type Selection } from "../../scheduling/selection.ts";
import { EventQueue } from "./event-queue.ts";
import type { PodSeed } from "./pod-seed.ts";
import { EventLog } from "./event-log.ts";

/** A pod over time. Its identity stays, `form` is what the API server has of it. */
export interface LivePod {
  readonly seed: PodSeed;
  /** `<namespace>/<name>`. */
  readonly key: string;
  /** What it took the place of; itself where it was there from the start. */
  readonly replaces: string;
  form: PlacedPod;
  /** Its node, from when the scheduler has chosen. */
  node: string | undefined;
  /** Its Ready condition. */
  isReady: boolean;
  isTerminating: boolean;
  /** Its object is gone. */
  isGone: boolean;
}

/** A node over time. */
export interface LiveNode {
  readonly name: string;
  node: Node;
  /** Its kubelet works. */
  isAlive: boolean;
  /** Its Ready condition, as the node lifecycle controller has it. */
  isReady: boolean;
  readonly pods: Set<LivePod>;
}

/** What controllers are told of. All of it is optional. */
export interface ClusterObserver {
  /** A pod is there that has no node. */
  readonly podCreated?: (pod: LivePod) => void;
  /** A pod has a node; the write of it may still be under way. */
  readonly podPlaced?: (pod: LivePod) => void;
  /** A pod is being deleted. */
  readonly podDeleted?: (pod: LivePod) => void;
  /** The object of a pod is gone. */
  readonly podGone?: (pod: LivePod) => void;
  readonly podReady?: (pod: LivePod) => void;
  /** A node is there, is gone, is ready or is not, or has other taints. */
  readonly nodeChanged?: (name: string) => void;
  /** Whether a pod serves, or is an endpoint though it does not, has changed. */
  readonly serviceChanged?: (pod: LivePod, now: PodService, before: PodService) => void;
}

/** What a pod is to the Services that select it. */
export type PodService =
  /** Ready, and its node works. */
  | "serves"
  /** Still an endpoint, but its node is lost. */
  | "stale"
  | "none";

/** What is deleted before now, for the scheduler: only that it is set matters. */
const DELETED = "1970-01-01T00:00:00Z";

/** One run of a simulation has one of these. */
export class LiveCluster {
  readonly queue = new EventQueue();
  readonly log = new EventLog();
  readonly snapshot: ClusterSnapshot;
  readonly state: ClusterState;
  readonly pods = new Set<LivePod>();
  readonly nodes = new Map<string, LiveNode>();
  /** What each budget selects in its namespace. */
  readonly budgetSelections: ReadonlyMap<PodDisruptionBudget, Selection>;
  /** In the order in which they are told. */
  observers: readonly ClusterObserver[] = [];

  /** @param seeds the pods of the snapshot, worked out once for all runs */
  constructor(snapshot: ClusterSnapshot, seeds: readonly PodSeed[]) {
    this.snapshot = snapshot;
    this.budgetSelections = new Map(
      snapshot.podDisruptionBudgets.map((budget) => [budget, selectionOf(budget.spec.selector)]),
    );
    this.state = new ClusterState({ ...snapshot, pods: [] });
    for (const node of snapshot.nodes) this.#enterNode(node, isNodeReady(node));
    for (const seed of seeds) {
      this.#enterPod(seed);
      if (!seed.form.isTerminating) this.#scales.set(seed.workload, this.scaleOf(seed.workload) + 1);
    }
  }

  /** How many pods a workload had at the start. */
  scaleOf(workload: string): number {
    return this.#scales.get(workload) ?? 0;
  }

  get now(): number {
    return this.queue.now;
  }

  /** A pod that waits for a node. */
  createPod(seed: PodSeed, pod: Pod, replaces: string): LivePod {
    const form = placedPod(pod);
    const created = { seed, key: form.key, replaces, form, node: undefined, ...FRESH };
    this.pods.add(created);
    this.#tell((observer) => observer.podCreated?.(created));
    return created;
  }

  /** The scheduler has chosen a node. */
  placePod(pod: LivePod, { name }: NodeState): void {
    const target = this.state.node(name);
    if (target === undefined) return;
    pod.node = name;
    pod.form = { ...pod.form, pod: { ...pod.form.pod, spec: { ...pod.form.pod.spec, nodeName: name } } };
    this.state.place(pod.form, target);
    this.nodes.get(name)?.pods.add(pod);
    this.#tell((observer) => observer.podPlaced?.(pod));
  }

  /** Its containers are ready, and the API server knows. */
  markReady(pod: LivePod): void {
    if (pod.isGone || pod.isTerminating || pod.isReady) return;
    this.#change(pod, () => {
      pod.isReady = true;
    });
    this.#tell((observer) => observer.podReady?.(pod));
  }

  /** Its node says nothing any more: it is no endpoint. */
  markNotReady(pod: LivePod): void {
    this.#change(pod, () => {
      pod.isReady = false;
    });
  }

  /**
   * Deletes a pod: a kubelet that works ends it within its grace period, on a lost node it stays as being deleted.
   * @param reason of its DisruptionTarget condition
   */
  deletePod(pod: LivePod, reason: string): void {
    if (pod.isGone || pod.isTerminating) return;
    if (pod.node === undefined) {
      this.removePod(pod);
      return;
    }
    this.#change(pod, () => {
      pod.isTerminating = true;
      this.#reform(pod, terminating(pod.form, reason));
    });
    this.#tell((observer) => observer.podDeleted?.(pod));
    const graceMs = pod.form.pod.spec.terminationGracePeriodSeconds * 1000;
    this.queue.at(this.now + graceMs, () => {
      if (this.nodes.get(pod.node ?? "")?.isAlive === true) this.removePod(pod);
    });
  }

  /** The object of a pod goes. */
  removePod(pod: LivePod): void {
    if (pod.isGone) return;
    this.#change(pod, () => {
      pod.isGone = true;
      const target = pod.node === undefined ? undefined : this.state.node(pod.node);
      if (target !== undefined) this.state.remove(pod.form, target);
    });
    this.nodes.get(pod.node ?? "")?.pods.delete(pod);
    this.pods.delete(pod);
    this.#tell((observer) => observer.podGone?.(pod));
    for (const callBack of this.#awaited.get(pod) ?? []) callBack();
    this.#awaited.delete(pod);
  }

  /** Calls back when the object of a pod is gone. */
  whenGone(pod: LivePod, callBack: () => void): void {
    if (pod.isGone) callBack();
    else this.#awaited.set(pod, [...(this.#awaited.get(pod) ?? []), callBack]);
  }

  /** A node stops to work; nobody knows yet. */
  loseNode(name: string): void {
    const node = this.nodes.get(name);
    if (node === undefined) return;
    for (const pod of node.pods) this.#change(pod, () => undefined, { isAlive: false });
    node.isAlive = false;
  }

  /** A node has other taints, is cordoned or is ready or not. */
  changeNode(name: string, change: NodeChange): void {
    const live = this.nodes.get(name);
    if (live === undefined) return;
    if (change.isReady !== undefined) live.isReady = change.isReady;
    if (change.taints !== undefined || change.unschedulable !== undefined) {
      const { isReady: _ready, ...spec } = change;
      live.node = { ...live.node, spec: { ...live.node.spec, ...spec } };
      this.state.setNode(live.node);
    }
    this.#tell((observer) => observer.nodeChanged?.(name));
  }

  /** The Node object goes; its pods stay until they are collected. */
  deleteNode(name: string): void {
    this.state.removeNode(name);
    const node = this.nodes.get(name);
    if (node !== undefined) this.#orphans.set(name, node.pods);
    this.nodes.delete(name);
    this.#tell((observer) => observer.nodeChanged?.(name));
  }

  /** Pods of a node that is there or was. */
  podsOf(name: string): readonly LivePod[] {
    return [...(this.nodes.get(name)?.pods ?? this.#orphans.get(name) ?? [])].filter(({ isGone }) => !isGone);
  }

  /** A new node, ready at once. */
  addNode(node: Node): void {
    this.state.setNode(node);
    this.#enterNode(node, true);
    this.#tell((observer) => observer.nodeChanged?.(node.metadata.name));
  }

  /** A pod that runs from the start on a node, such as that of a DaemonSet on a new one. */
  addRunningPod(seed: PodSeed): void {
    this.#enterPod(seed);
  }

  /** The scheduler has made room for a pod on a node, or no longer does. */
  nominate(pod: LivePod, node: NodeState | undefined): void {
    const before = this.state.node(pod.form.pod.status.nominatedNodeName);
    if (before !== undefined) this.state.withdraw(pod.form, before);
    const status = { ...pod.form.pod.status, nominatedNodeName: node?.name ?? "" };
    pod.form = { ...pod.form, pod: { ...pod.form.pod, status } };
    if (node !== undefined) this.state.nominate(pod.form, node);
  }

  readonly #scales = new Map<string, number>();
  readonly #awaited = new Map<LivePod, (() => void)[]>();
  readonly #orphans = new Map<string, Set<LivePod>>();

  #enterNode(node: Node, isReady: boolean): void {
    const { name } = node.metadata;
    this.nodes.set(name, { name, node, isAlive: isReady, isReady, pods: new Set() });
  }

  #enterPod(seed: PodSeed): void {
    const { form } = seed;
    const { nodeName } = form.pod.spec;
    const node = nodeName === "" ? undefined : nodeName;
    const isTerminating = form.isTerminating;
    const pod = {
      seed,
      key: form.key,
      replaces: form.key,
      form,
      node,
      isReady: seed.isReady,
      isTerminating,
      isGone: false,
    };
    this.pods.add(pod);
    const target = node === undefined ? undefined : this.state.node(node);
    if (target !== undefined) this.state.place(form, target);
    const live = this.nodes.get(node ?? "");
    live?.pods.add(pod);
    this.#tell((observer) => observer.serviceChanged?.(pod, serviceOf(pod, live?.isAlive ?? false), "none"));
  }

  #reform(pod: LivePod, form: PlacedPod): void {
    const target = pod.node === undefined ? undefined : this.state.node(pod.node);
    if (target !== undefined) this.state.remove(pod.form, target);
    pod.form = form;
    if (target !== undefined) this.state.place(form, target);
  }

  #change(pod: LivePod, change: () => void, after: { readonly isAlive?: boolean } = {}): void {
    const isAlive = this.nodes.get(pod.node ?? "")?.isAlive ?? false;
    const before = serviceOf(pod, isAlive);
    change();
    const now = serviceOf(pod, after.isAlive ?? isAlive);
    if (now !== before) this.#tell((observer) => observer.serviceChanged?.(pod, now, before));
  }

  #tell(what: (observer: ClusterObserver) => void): void {
    for (const observer of this.observers) what(observer);
  }
}

/** What of a node changes. */
export interface NodeChange {
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly isReady?: boolean;
}

const FRESH = { isReady: false, isTerminating: false, isGone: false };

/** Whether a node says that it is ready; one that says nothing of that, in a file, is. */
export function isNodeReady({ status }: Node): boolean {
  const ready = status.conditions.find(({ type }) => type === "Ready");
  return ready === undefined || ready.status === "True";
}

/** What a pod is to its Services, on a node that works or does not. */
export function serviceOf(pod: LivePod, isAlive: boolean): PodService {
  if (!pod.isReady || pod.isTerminating || pod.isGone) return "none";
  return isAlive ? "serves" : "stale";
}

function terminating(form: PlacedPod, reason: string): PlacedPod {
  const { pod } = form;
  const target = { type: "DisruptionTarget", status: "True", reason };
  return {
    ...form,
    isTerminating: true,
    pod: {
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: pod.metadata.deletionTimestamp ?? DELETED },
      status: { ...pod.status, conditions: [...pod.status.conditions, target] },
    },
  };
}
