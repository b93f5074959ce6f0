import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** scheduling.k8s.io/v1 PriorityClass. */
export const PriorityClass = z.object({
  metadata: SnapshotMetadata,
  value: z.int(),
  globalDefault: z.boolean().default(false),
});
export type PriorityClass = z.infer<typeof PriorityClass>;
