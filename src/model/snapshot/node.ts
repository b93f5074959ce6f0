/**
 * core/v1 Node as far as schedulers look at it.
 * @module
 */
import { z } from "zod";
import { ResourceList, SnapshotMetadata } from "./selectors.ts";

/** core/v1 Taint. */
export const Taint = z.object({
  key: z.string(),
  value: z.string().default(""),
  effect: z.string(),
  timeAdded: z.string().optional(),
});
export type Taint = z.infer<typeof Taint>;

/** core/v1 Node. */
export const Node = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ unschedulable: z.boolean().default(false), taints: z.array(Taint).default([]) }).prefault({}),
  status: z
    .object({
      allocatable: ResourceList.default({}),
      /** Images that are on the node already, under all their names. */
      images: z
        .array(z.object({ names: z.array(z.string()).default([]), sizeBytes: z.number().default(0) }))
        .default([]),
      nodeInfo: z.object({ kubeletVersion: z.string().default("") }).optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
});
export type Node = z.infer<typeof Node>;
