/**
 * Velero's kinds: what could be restored. https://velero.io/docs/main/api-types/
 * @module
 */
import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

const BackupSpec = z.object({
  /** Absent or `*`: all. */
  includedNamespaces: z.array(z.string()).default([]),
  excludedNamespaces: z.array(z.string()).default([]),
});

/** velero.io Backup. */
export const Backup = z.object({
  metadata: SnapshotMetadata,
  spec: BackupSpec.prefault({}),
  status: z
    .object({
      phase: z.string().default(""),
      completionTimestamp: z.string().optional(),
      expiration: z.string().optional(),
    })
    .prefault({}),
});
export type Backup = z.infer<typeof Backup>;

/** velero.io Schedule. */
export const BackupSchedule = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    schedule: z.string().default(""),
    paused: z.boolean().default(false),
    template: BackupSpec.prefault({}),
  }),
});
export type BackupSchedule = z.infer<typeof BackupSchedule>;
