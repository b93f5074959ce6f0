/**
 * Objects as the Kubernetes API has them -> a snapshot, with everything that is wrong with them.
 * @module
 */
import { z } from "zod";
import type { ClusterSnapshot } from "./cluster-snapshot.ts";
import { HorizontalPodAutoscaler, ScaledObject } from "./autoscaling.ts";
import { Backup, BackupSchedule } from "./backup.ts";
import { CronJob, Job } from "./batch.ts";
import { DaemonSet } from "./daemon-set.ts";
import { PodDisruptionBudget } from "./disruption-budget.ts";
import { FailoverIntent } from "./failover-intent.ts";
import { Ingress } from "./ingress.ts";
import { Node } from "./node.ts";
import { Pod } from "./pod.ts";
import { PriorityClass } from "./priority-class.ts";
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
import { WebhookConfiguration } from "./webhook.ts";
import { Deployment, ReplicaSet, ReplicationController, Service, StatefulSet } from "./workload.ts";

interface SnapshotForm {
  readonly list: keyof ClusterSnapshot;
  readonly schema: z.ZodType;
  /** API group, where another one has a kind of the same name. */
  readonly group?: string;
  /** Nothing but its name is read: it counts among the others, too. */
  readonly isNameOnly?: true;
}

/** Of ConfigMaps and Secrets nothing but that they exist. */
const OnlyMetadata = z.object({ metadata: SnapshotMetadata });

/** The kinds of a snapshot: where each belongs and its form. */
const KINDS = {
  Namespace: { list: "namespaces", schema: OnlyMetadata },
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
  ResourceQuota: { list: "resourceQuotas", schema: ResourceQuota },
  Service: { list: "services", schema: Service },
  PodDisruptionBudget: { list: "podDisruptionBudgets", schema: PodDisruptionBudget },
  DaemonSet: { list: "daemonSets", schema: DaemonSet },
  Job: { list: "jobs", schema: Job, group: "batch" },
  CronJob: { list: "cronJobs", schema: CronJob, group: "batch" },
  HorizontalPodAutoscaler: { list: "horizontalPodAutoscalers", schema: HorizontalPodAutoscaler },
  ScaledObject: { list: "scaledObjects", schema: ScaledObject, group: "keda.sh" },
  Ingress: { list: "ingresses", schema: Ingress, group: "networking.k8s.io" },
  PriorityClass: { list: "priorityClasses", schema: PriorityClass },
  ValidatingWebhookConfiguration: { list: "validatingWebhooks", schema: WebhookConfiguration },
  MutatingWebhookConfiguration: { list: "mutatingWebhooks", schema: WebhookConfiguration },
  Backup: { list: "backups", schema: Backup, group: "velero.io" },
  Schedule: { list: "backupSchedules", schema: BackupSchedule, group: "velero.io" },
  FailoverPolicy: { list: "failoverPolicies", schema: FailoverIntent, group: "tandem.dev" },
  ConfigMap: { list: "configMaps", schema: OnlyMetadata, group: "", isNameOnly: true },
  Secret: { list: "secrets", schema: OnlyMetadata, group: "", isNameOnly: true },
} as const satisfies Readonly<Record<string, SnapshotForm>>;

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
  /** Of each object of the snapshot, its index among those that were given. */
  readonly sources: ReadonlyMap<object, number>;
}

/** Reads objects of any kinds. A field that is null counts as absent, as in the API. */
export function readSnapshot(objects: readonly unknown[]): ReadSnapshot {
  const snapshot = Object.fromEntries(Object.values(KINDS).map(({ list }) => [list, [] as unknown[]]));
  const problems: SnapshotProblem[] = [];
  const sources = new Map<object, number>();
  const otherKinds = new Map<string, number>();
  for (const [index, object] of objects.entries()) {
    const kind = kindOf(object);
    if (!isSnapshotKind(kind) || isOfOtherGroup(object, KINDS[kind])) {
      otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + 1);
      continue;
    }
    const { list, schema, isNameOnly }: SnapshotForm = KINDS[kind];
    if (isNameOnly === true) otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + 1);
    const parsed = schema.safeParse(withoutNulls(object));
    if (parsed.success) {
      snapshot[list]?.push(parsed.data);
      sources.set(parsed.data as object, index);
    } else problems.push(...parsed.error.issues.map(({ path, message }) => ({ index, path, message })));
  }
  // Each list holds what its schema gave.
  return { snapshot: snapshot as unknown as ClusterSnapshot, problems, otherKinds, sources };
}

function isSnapshotKind(kind: string): kind is SnapshotKind {
  return Object.hasOwn(KINDS, kind);
}

/** An object that names no version, as in some Lists, is taken at its word. */
function isOfOtherGroup(object: unknown, { group }: SnapshotForm): boolean {
  if (group === undefined || typeof object !== "object" || object === null || !("apiVersion" in object)) return false;
  const version = String(object.apiVersion);
  return (version.includes("/") ? version.slice(0, version.indexOf("/")) : "") !== group;
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
