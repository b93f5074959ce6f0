import { z } from "zod";
import { ResourceList, SnapshotMetadata } from "./selectors.ts";

/** core/v1 ResourceQuota: what all pods of a namespace may ask for together. */
export const ResourceQuota = z.object({
  metadata: SnapshotMetadata,
  spec: z
    .object({
      hard: ResourceList.default({}),
      /** With a scope, it is about some of the pods only. */
      scopes: z.array(z.string()).default([]),
      scopeSelector: z.object({}).optional(),
    })
    .prefault({}),
});
export type ResourceQuota = z.infer<typeof ResourceQuota>;
