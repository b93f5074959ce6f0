/**
 * Work that ends: what makes pods that nobody is to keep available.
 * @module
 */
import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";
import { PodTemplate } from "./workload.ts";

const JobSpec = z.object({ parallelism: z.int().default(1), template: PodTemplate });

/** batch/v1 Job. */
export const Job = z.object({
  metadata: SnapshotMetadata,
  spec: JobSpec.extend({
    /** How many of its pods may fail; 6 where it says nothing. */
    backoffLimit: z.int().default(6),
    /** `Failed`: only once the lost pod has ended. Absent: as soon as it is being deleted, but not with a podFailurePolicy. */
    podReplacementPolicy: z.string().optional(),
    podFailurePolicy: z.object({}).optional(),
  }),
  status: z.object({ failed: z.int().default(0) }).prefault({}),
});
export type Job = z.infer<typeof Job>;

/** batch/v1 CronJob. */
export const CronJob = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ suspend: z.boolean().default(false), jobTemplate: z.object({ spec: JobSpec }) }),
});
export type CronJob = z.infer<typeof CronJob>;
