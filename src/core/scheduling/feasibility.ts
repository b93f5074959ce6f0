/**
 * Where a pod can run, and why not elsewhere: the filtering half of a scheduling cycle.
 * @module
 */
import type { ClusterState, NodeState } from "./cluster-state.ts";
import type { PreparedFilter, Rejection } from "./filters/filter.ts";
import { FILTERS } from "./filters/index.ts";
import type { PlacedPod } from "./placed-pod.ts";

/** Where a pod can run. */
export interface Feasibility {
  /** In the order of the state's nodes. */
  readonly nodes: readonly NodeState[];
  /** Why it cannot run on each of the others. */
  readonly rejections: ReadonlyMap<NodeState, Rejection>;
  /** Why it can run nowhere whatever the nodes are; then no node was looked at. */
  readonly refusal?: string;
}

/** All filters of a pod, ready to be asked about each node. */
export interface FilterRun {
  readonly filters: readonly PreparedFilter[];
  /** The only nodes that come into question. */
  readonly onlyNodes: ReadonlySet<string> | undefined;
}

/** Looks at the pod itself and at the cluster as it is. */
export function prepareFilters(pod: PlacedPod, state: ClusterState): FilterRun | { readonly refusal: string } {
  const filters: PreparedFilter[] = [];
  let onlyNodes: ReadonlySet<string> | undefined;
  let refusal: string | undefined;
  for (const filter of FILTERS) {
    const prepared = filter.prepare(pod, state);
    if (prepared === undefined) continue;
    if ("refusal" in prepared) {
      refusal ??= prepared.refusal;
      continue;
    }
    filters.push(prepared);
    if (prepared.onlyNodes !== undefined) onlyNodes = prepared.onlyNodes;
  }
  return refusal === undefined ? { filters, onlyNodes } : { refusal };
}

/** Where a pod can run in the cluster as it is. */
export function findFeasible(pod: PlacedPod, state: ClusterState): Feasibility {
  const run = prepareFilters(pod, state);
  if ("refusal" in run) return { nodes: [], rejections: new Map(), refusal: run.refusal };
  const nodes: NodeState[] = [];
  const rejections = new Map<NodeState, Rejection>();
  for (const node of state.nodes) {
    const rejection = isInQuestion(node, run) ? checkNode(pod, node, { run, state }) : NOT_NAMED;
    if (rejection === undefined) nodes.push(node);
    else rejections.set(node, rejection);
  }
  return { nodes, rejections };
}

/** A cluster and the filters that were prepared for a pod in it. */
export interface PreparedState {
  readonly run: FilterRun;
  readonly state: ClusterState;
}

/**
 * Whether a pod can run on a node: with the pods of its own or a higher priority for which room is being made there, and
 * without them.
 */
export function checkNode(pod: PlacedPod, node: NodeState, { run, state }: PreparedState): Rejection | undefined {
  const first = [...state.nominatedTo(node)].filter((other) => other.priority >= pod.priority && other.key !== pod.key);
  if (first.length > 0) {
    for (const other of first) changePod(other, node, { run, state }, 1);
    const rejection = runFilters(node, run);
    for (const other of first.toReversed()) changePod(other, node, { run, state }, -1);
    if (rejection !== undefined) return rejection;
  }
  return runFilters(node, run);
}

/** Puts a pod onto a node (1) or takes it away (-1), and tells the filters. */
export function changePod(pod: PlacedPod, node: NodeState, { run, state }: PreparedState, times: 1 | -1): void {
  if (times === 1) state.place(pod, node);
  else state.remove(pod, node);
  for (const filter of run.filters) filter.change?.(pod, node, times);
}

/** Only NodeAffinity names nodes. */
const NOT_NAMED: Rejection = { reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], canPreempt: false };

function isInQuestion({ name }: NodeState, { onlyNodes }: FilterRun): boolean {
  return onlyNodes === undefined || onlyNodes.has(name);
}

function runFilters(node: NodeState, { filters }: FilterRun): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter.check(node);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}
