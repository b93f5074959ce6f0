/**
 * What makes pods, and what leads to them, as far as it decides how many there are and where they go.
 * @module
 */
import { z } from "zod";
import { Pod } from "./pod.ts";
import { LabelSelector, SnapshotMetadata, StringMap } from "./selectors.ts";

/** The pod that a workload makes. */
export const PodTemplate = z.object({
  metadata: SnapshotMetadata.extend({ name: z.string().default("") }).prefault({}),
  spec: Pod.shape.spec,
});
export type PodTemplate = z.infer<typeof PodTemplate>;

/** A number, or a share such as `25%`. */
export const IntOrPercent = z.union([z.int(), z.string()]);

/** apps/v1 Deployment. */
export const Deployment = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    replicas: z.int().default(1),
    selector: LabelSelector,
    template: PodTemplate,
    paused: z.boolean().default(false),
    strategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z
          .object({ maxSurge: IntOrPercent.default("25%"), maxUnavailable: IntOrPercent.default("25%") })
          .prefault({}),
      })
      .prefault({}),
  }),
});
export type Deployment = z.infer<typeof Deployment>;

/** apps/v1 ReplicaSet. */
export const ReplicaSet = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ replicas: z.int().default(1), selector: LabelSelector, template: PodTemplate }),
});
export type ReplicaSet = z.infer<typeof ReplicaSet>;

/** core/v1 ReplicationController. */
export const ReplicationController = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ replicas: z.int().default(1), selector: StringMap.default({}), template: PodTemplate.optional() }),
});
export type ReplicationController = z.infer<typeof ReplicationController>;

/** apps/v1 StatefulSet. */
export const StatefulSet = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    replicas: z.int().default(1),
    selector: LabelSelector,
    template: PodTemplate,
    serviceName: z.string().default(""),
    podManagementPolicy: z.string().default("OrderedReady"),
    updateStrategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z.object({ maxUnavailable: IntOrPercent.optional() }).prefault({}),
      })
      .prefault({}),
    volumeClaimTemplates: z
      .array(
        z.object({
          metadata: z.object({ name: z.string() }),
          spec: z
            .object({ accessModes: z.array(z.string()).default([]), storageClassName: z.string().optional() })
            .prefault({}),
        }),
      )
      .default([]),
  }),
});
export type StatefulSet = z.infer<typeof StatefulSet>;

/** core/v1 Service, as far as it says which pods it leads to. */
export const Service = z.object({
  metadata: SnapshotMetadata,
  spec: z
    .object({
      type: z.string().default("ClusterIP"),
      /** Absent or empty: it leads to no pods by itself. */
      selector: StringMap.default({}),
      clusterIP: z.string().default(""),
      publishNotReadyAddresses: z.boolean().default(false),
    })
    .prefault({}),
});
export type Service = z.infer<typeof Service>;
