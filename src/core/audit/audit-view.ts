/**
 * What rules look at.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { PodDisruptionBudget } from "../../model/snapshot/disruption-budget.ts";
import type { Node } from "../../model/snapshot/node.ts";
import { StorageIndex } from "../scheduling/storage-index.ts";
import { scaleKey } from "./effective-replicas.ts";
import type { Workload } from "./workload.ts";
import { indexWorkloads } from "./workload-index.ts";

/** Another site, and what is known of it. */
export interface OtherSite {
  readonly name: string;
  readonly snapshot: ClusterSnapshot;
  readonly workloads: readonly Workload[];
}

/** A snapshot, prepared for rules. */
export interface AuditView {
  readonly snapshot: ClusterSnapshot;
  readonly workloads: readonly Workload[];
  /** By kind, namespace and name, as `scaleKey` writes them. */
  readonly workloadByKey: ReadonlyMap<string, Workload>;
  /** Those whose pods a budget selects. */
  readonly workloadsByBudget: ReadonlyMap<PodDisruptionBudget, readonly Workload[]>;
  readonly storage: StorageIndex;
  /** By name. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** Whether it is of a running cluster: only then does what is absent mean that it is not there. */
  readonly isLive: boolean;
  /** Now, as an RFC 3339 date-time. */
  readonly now: string;
  readonly otherSites: readonly OtherSite[];
}

/** Prepares a snapshot. @param others snapshots of other sites by their names */
export function auditView(
  snapshot: ClusterSnapshot,
  now: string,
  others: ReadonlyMap<string, ClusterSnapshot> = new Map(),
): AuditView {
  const workloads = indexWorkloads(snapshot);
  return {
    snapshot,
    workloads,
    workloadByKey: new Map(workloads.map((one) => [scaleKey(one.kind, one.namespace, one.name), one])),
    workloadsByBudget: byBudget(workloads),
    storage: new StorageIndex(snapshot),
    nodes: new Map(snapshot.nodes.map((node) => [node.metadata.name, node])),
    isLive: snapshot.nodes.length > 0 && snapshot.pods.some(({ spec }) => spec.nodeName !== ""),
    now,
    otherSites: [...others].map(([name, other]) => ({ name, snapshot: other, workloads: indexWorkloads(other) })),
  };
}

function byBudget(workloads: readonly Workload[]): ReadonlyMap<PodDisruptionBudget, readonly Workload[]> {
  const all = new Map<PodDisruptionBudget, Workload[]>();
  for (const workload of workloads)
    for (const budget of workload.budgets) {
      const list = all.get(budget);
      if (list === undefined) all.set(budget, [workload]);
      else list.push(workload);
    }
  return all;
}
