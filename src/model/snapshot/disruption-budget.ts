import { z } from "zod";
import { LabelSelector, SnapshotMetadata } from "./selectors.ts";

/** policy/v1 PodDisruptionBudget. */
export const PodDisruptionBudget = z.object({
  metadata: SnapshotMetadata,
  spec: z
    .object({
      /** Absent and empty: no pod counts for preemption. */
      selector: LabelSelector.optional(),
      minAvailable: z.union([z.int(), z.string()]).optional(),
      maxUnavailable: z.union([z.int(), z.string()]).optional(),
      unhealthyPodEvictionPolicy: z.string().default("IfHealthyBudget"),
    })
    .prefault({}),
  status: z
    .object({
      disruptionsAllowed: z.int().default(0),
      /** Pods whose eviction was granted already, by name. */
      disruptedPods: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
});
export type PodDisruptionBudget = z.infer<typeof PodDisruptionBudget>;
