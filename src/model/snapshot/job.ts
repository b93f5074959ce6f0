import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** batch/v1 Job, as far as it says when a pod that is lost is made anew. */
export const Job = z.object({
  metadata: SnapshotMetadata,
  spec: z
    .object({
      /** How many of its pods may fail; 6 where it says nothing. */
      backoffLimit: z.int().default(6),
      /** `Failed`: only once the lost pod has ended. Absent: as soon as it is being deleted, but not with a podFailurePolicy. */
      podReplacementPolicy: z.string().optional(),
      podFailurePolicy: z.object({}).optional(),
    })
    .prefault({}),
  status: z.object({ failed: z.int().default(0) }).prefault({}),
});
export type Job = z.infer<typeof Job>;
