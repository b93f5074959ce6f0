/**
 * What a cluster holds at one moment, as far as it decides what runs where.
 * @module
 */
import type { HorizontalPodAutoscaler } from "./autoscaling.ts";
import type { PodDisruptionBudget } from "./disruption-budget.ts";
import type { Job } from "./job.ts";
import type { Node } from "./node.ts";
import type { Pod } from "./pod.ts";
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
  readonly jobs: readonly Job[];
  readonly horizontalPodAutoscalers: readonly HorizontalPodAutoscaler[];
  readonly resourceQuotas: readonly ResourceQuota[];
  readonly services: readonly Service[];
}
