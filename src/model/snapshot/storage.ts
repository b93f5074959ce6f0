/**
 * Volumes and what limits where they can be used, as far as schedulers look at it.
 * @module
 */
import { z } from "zod";
import { LabelSelector, NodeSelector, ResourceList, SnapshotMetadata } from "./selectors.ts";

const AccessModes = z.array(z.string()).default([]);

/** core/v1 PersistentVolume. */
export const PersistentVolume = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    capacity: ResourceList.default({}),
    accessModes: AccessModes,
    volumeMode: z.string().default("Filesystem"),
    storageClassName: z.string().default(""),
    claimRef: z
      .object({ namespace: z.string().default(""), name: z.string().default(""), uid: z.string().default("") })
      .optional(),
    nodeAffinity: z.object({ required: NodeSelector.optional() }).optional(),
    csi: z.object({ driver: z.string(), volumeHandle: z.string() }).optional(),
    volumeAttributesClassName: z.string().optional(),
    local: z.object({ path: z.string() }).optional(),
    hostPath: z.object({ path: z.string() }).optional(),
  }),
  status: z.object({ phase: z.string().default("Available") }).prefault({}),
});
export type PersistentVolume = z.infer<typeof PersistentVolume>;

/** core/v1 PersistentVolumeClaim. */
export const PersistentVolumeClaim = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    accessModes: AccessModes,
    volumeMode: z.string().default("Filesystem"),
    /** Absent: the cluster's default class was not filled in; empty: no class. */
    storageClassName: z.string().optional(),
    /** The volume that it is bound to, or is to be. */
    volumeName: z.string().default(""),
    selector: LabelSelector.optional(),
    resources: z.object({ requests: ResourceList.default({}) }).prefault({}),
    volumeAttributesClassName: z.string().optional(),
  }),
  status: z.object({ phase: z.string().default("Pending") }).prefault({}),
});
export type PersistentVolumeClaim = z.infer<typeof PersistentVolumeClaim>;

const TopologySelectorTerm = z.object({
  matchLabelExpressions: z.array(z.object({ key: z.string(), values: z.array(z.string()) })).default([]),
});

/** storage.k8s.io/v1 StorageClass. */
export const StorageClass = z.object({
  metadata: SnapshotMetadata,
  provisioner: z.string(),
  volumeBindingMode: z.enum(["Immediate", "WaitForFirstConsumer"]).default("Immediate"),
  /** One of the terms has to hold of the node; without any, all nodes will do. */
  allowedTopologies: z.array(TopologySelectorTerm).default([]),
});
export type StorageClass = z.infer<typeof StorageClass>;

/** storage.k8s.io/v1 CSINode, named like its node. */
export const CsiNode = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    drivers: z
      .array(z.object({ name: z.string(), allocatable: z.object({ count: z.int().optional() }).optional() }))
      .default([]),
  }),
});
export type CsiNode = z.infer<typeof CsiNode>;

/** storage.k8s.io/v1 CSIDriver. */
export const CsiDriver = z.object({
  metadata: SnapshotMetadata,
  /** Whether CSIStorageCapacities say where there is room. */
  spec: z.object({ storageCapacity: z.boolean().default(false) }).prefault({}),
});
export type CsiDriver = z.infer<typeof CsiDriver>;

/** storage.k8s.io/v1 CSIStorageCapacity. */
export const CsiStorageCapacity = z.object({
  metadata: SnapshotMetadata,
  storageClassName: z.string(),
  /** The nodes that it is about; absent: none. */
  nodeTopology: LabelSelector.optional(),
  capacity: z.union([z.string(), z.number()]).optional(),
  maximumVolumeSize: z.union([z.string(), z.number()]).optional(),
});
export type CsiStorageCapacity = z.infer<typeof CsiStorageCapacity>;

/** storage.k8s.io/v1 VolumeAttachment. */
export const VolumeAttachment = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    attacher: z.string(),
    nodeName: z.string(),
    source: z.object({ persistentVolumeName: z.string().optional() }),
  }),
});
export type VolumeAttachment = z.infer<typeof VolumeAttachment>;
