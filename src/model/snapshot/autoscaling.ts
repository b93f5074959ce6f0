import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** autoscaling/v2 HorizontalPodAutoscaler, as far as it says how many pods there are at least. */
export const HorizontalPodAutoscaler = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.int().default(1),
    maxReplicas: z.int().default(1),
  }),
});
export type HorizontalPodAutoscaler = z.infer<typeof HorizontalPodAutoscaler>;
