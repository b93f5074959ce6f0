import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** tandem.dev FailoverPolicy, as far as it says which Services have a second home, and where. */
export const FailoverIntent = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    targetRefs: z.array(z.object({ name: z.string() })),
    sites: z.array(z.object({ name: z.string() })).default([]),
  }),
});
export type FailoverIntent = z.infer<typeof FailoverIntent>;
