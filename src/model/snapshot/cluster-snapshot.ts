/**
 * What a cluster holds at one moment, as far as it decides what runs where.
 * @module
 */
import type { HorizontalPodAutoscaler, ScaledObject } from "./autoscaling.ts";
import type { Backup, BackupSchedule } from "./backup.ts";
import type { CronJob, Job } from "./batch.ts";
import type { DaemonSet } from "./daemon-set.ts";
import type { PodDisruptionBudget } from "./disruption-budget.ts";
import type { FailoverIntent } from "./failover-intent.ts";
import type { Ingress } from "./ingress.ts";
import type { Node } from "./node.ts";
import type { Pod } from "./pod.ts";
import type { PriorityClass } from "./priority-class.ts";
import type { ResourceQuota } from "./quota.ts";
import type { SnapshotMetadata } from "./selectors.ts";
import type {
  CsiDriver,
  CsiNode,
  CsiStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from "./storage.ts";
import type { WebhookConfiguration } from "./webhook.ts";
import type { Deployment, ReplicaSet, ReplicationController, Service, StatefulSet } from "./workload.ts";

/** Objects by kind, in no particular order. */
export interface ClusterSnapshot {
  readonly namespaces: readonly { readonly metadata: SnapshotMetadata }[];
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly persistentVolumes: readonly PersistentVolume[];
  readonly persistentVolumeClaims: readonly PersistentVolumeClaim[];
  readonly storageClasses: readonly StorageClass[];
  readonly csiNodes: readonly CsiNode[];
  readonly csiDrivers: readonly CsiDriver[];
  readonly csiStorageCapacities: readonly CsiStorageCapacity[];
  readonly volumeAttachments: readonly VolumeAttachment[];
  readonly podDisruptionBudgets: readonly PodDisruptionBudget[];
  readonly deployments: readonly Deployment[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly replicationControllers: readonly ReplicationController[];
  readonly statefulSets: readonly StatefulSet[];
  readonly resourceQuotas: readonly ResourceQuota[];
  readonly services: readonly Service[];
  readonly daemonSets: readonly DaemonSet[];
  readonly jobs: readonly Job[];
  readonly cronJobs: readonly CronJob[];
  readonly horizontalPodAutoscalers: readonly HorizontalPodAutoscaler[];
  readonly scaledObjects: readonly ScaledObject[];
  readonly ingresses: readonly Ingress[];
  readonly priorityClasses: readonly PriorityClass[];
  readonly validatingWebhooks: readonly WebhookConfiguration[];
  readonly mutatingWebhooks: readonly WebhookConfiguration[];
  readonly backups: readonly Backup[];
  readonly backupSchedules: readonly BackupSchedule[];
  readonly failoverPolicies: readonly FailoverIntent[];
  readonly configMaps: readonly { readonly metadata: SnapshotMetadata }[];
  readonly secrets: readonly { readonly metadata: SnapshotMetadata }[];
}
