/**
 * What decides how many replicas a workload has, besides its own spec.
 * @module
 */
import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

const TargetRef = z.object({ kind: z.string().default("Deployment"), name: z.string() });

/** One metric of an autoscaler, as far as it says where it comes from. */
const Metric = z.object({
  type: z.string().default(""),
  resource: z
    .object({ name: z.string(), target: z.object({ type: z.string().default("Utilization") }).prefault({}) })
    .optional(),
  containerResource: z
    .object({
      name: z.string(),
      container: z.string(),
      target: z.object({ type: z.string().default("Utilization") }).prefault({}),
    })
    .optional(),
});

/** autoscaling/v1 and v2 HorizontalPodAutoscaler. */
export const HorizontalPodAutoscaler = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    scaleTargetRef: TargetRef,
    minReplicas: z.int().default(1),
    maxReplicas: z.int(),
    metrics: z.array(Metric).default([]),
    /** Of autoscaling/v1: the share of the requested CPU. */
    targetCPUUtilizationPercentage: z.number().optional(),
  }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string().default("") }))
        .default([]),
    })
    .prefault({}),
});
export type HorizontalPodAutoscaler = z.infer<typeof HorizontalPodAutoscaler>;

/** keda.sh ScaledObject. https://keda.sh/docs/latest/reference/scaledobject-spec/ */
export const ScaledObject = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    scaleTargetRef: TargetRef,
    /** Absent: none. */
    minReplicaCount: z.int().default(0),
    idleReplicaCount: z.int().optional(),
    maxReplicaCount: z.int().default(100),
  }),
});
export type ScaledObject = z.infer<typeof ScaledObject>;
