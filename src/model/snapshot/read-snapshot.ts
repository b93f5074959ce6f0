/**
 * Objects as the Kubernetes API has them -> a snapshot, with everything that is wrong with them.
 * @module
 */
import { z } from "zod";
import { HorizontalPodAutoscaler } from "./autoscaling.ts";
import type { ClusterSnapshot } from "./cluster-snapshot.ts";
import { PodDisruptionBudget } from "./disruption-budget.ts";
import { Job } from "./job.ts";
import { Node } from "./node.ts";
import { Pod } from "./pod.ts";
import { ResourceQuota } from "./quota.ts";
import { SnapshotMetadata } from "./selectors.ts";
import {
  CsiDriver,
  CsiNode,
  CsiStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from "./storage.ts";
import { Deployment, ReplicaSet, ReplicationController, Service, StatefulSet } from "./workload.ts";

/** The kinds of a snapshot: where each belongs and its form. */
const KINDS = {
  Namespace: { list: "namespaces", schema: z.object({ metadata: SnapshotMetadata }) },
  Node: { list: "nodes", schema: Node },
  Pod: { list: "pods", schema: Pod },
  PersistentVolume: { list: "persistentVolumes", schema: PersistentVolume },
  PersistentVolumeClaim: { list: "persistentVolumeClaims", schema: PersistentVolumeClaim },
  StorageClass: { list: "storageClasses", schema: StorageClass },
  CSINode: { list: "csiNodes", schema: CsiNode },
  CSIDriver: { list: "csiDrivers", schema: CsiDriver },
  CSIStorageCapacity: { list: "csiStorageCapacities", schema: CsiStorageCapacity },
  VolumeAttachment: { list: "volumeAttachments", schema: VolumeAttachment },
  Deployment: { list: "deployments", schema: Deployment },
  ReplicaSet: { list: "replicaSets", schema: ReplicaSet },
  ReplicationController: { list: "replicationControllers", schema: ReplicationController },
  StatefulSet: { list: "statefulSets", schema: StatefulSet },
  Job: { list: "jobs", schema: Job },
  HorizontalPodAutoscaler: { list: "horizontalPodAutoscalers", schema: HorizontalPodAutoscaler },
  ResourceQuota: { list: "resourceQuotas", schema: ResourceQuota },
  Service: { list: "services", schema: Service },
  PodDisruptionBudget: { list: "podDisruptionBudgets", schema: PodDisruptionBudget },
} as const satisfies Readonly<Record<string, { list: keyof ClusterSnapshot; schema: z.ZodType }>>;

type SnapshotKind = keyof typeof KINDS;

/** Something wrong with one of the objects. */
export interface SnapshotProblem {
  /** Of the object among those that were given. */
  readonly index: number;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What was read. */
export interface ReadSnapshot {
  readonly snapshot: ClusterSnapshot;
  /** Objects with a problem are not in the snapshot. */
  readonly problems: readonly SnapshotProblem[];
  /** How many objects of kinds there were that say nothing about where pods run. */
  readonly otherKinds: ReadonlyMap<string, number>;
}

/** Reads objects of any kinds. A field that is null counts as absent, as in the API. */
export function readSnapshot(objects: readonly unknown[]): ReadSnapshot {
  const snapshot = Object.fromEntries(Object.values(KINDS).map(({ list }) => [list, [] as unknown[]]));
  const problems: SnapshotProblem[] = [];
  const otherKinds = new Map<string, number>();
  for (const [index, object] of objects.entries()) {
    const kind = kindOf(object);
    if (!isSnapshotKind(kind)) {
      otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + 1);
      continue;
    }
    const { list, schema } = KINDS[kind];
    const parsed = schema.safeParse(withoutNulls(object));
    if (parsed.success) snapshot[list]?.push(parsed.data);
    else problems.push(...parsed.error.issues.map(({ path, message }) => ({ index, path, message })));
  }
  // Each list holds what its schema gave.
  return { snapshot: snapshot as unknown as ClusterSnapshot, problems, otherKinds };
}

function isSnapshotKind(kind: string): kind is SnapshotKind {
  return Object.hasOwn(KINDS, kind);
}

function kindOf(object: unknown): string {
  const kind: unknown = typeof object === "object" && object !== null && "kind" in object ? object.kind : undefined;
  return typeof kind === "string" ? kind : "";
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNulls(field)]));
}
