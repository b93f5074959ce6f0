/**
 * Work that ends: what makes pods that nobody is to keep available.
 * @module
 */
import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";
import { PodTemplate } from "./workload.ts";

const JobSpec = z.object({ parallelism: z.int().default(1), template: PodTemplate });

/** batch/v1 Job. */
export const Job = z.object({ metadata: SnapshotMetadata, spec: JobSpec });
export type Job = z.infer<typeof Job>;

/** batch/v1 CronJob. */
export const CronJob = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ suspend: z.boolean().default(false), jobTemplate: z.object({ spec: JobSpec }) }),
});
export type CronJob = z.infer<typeof CronJob>;
