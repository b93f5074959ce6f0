import { z } from "zod";
import { LabelSelector, SnapshotMetadata } from "./selectors.ts";
import { IntOrPercent, PodTemplate } from "./workload.ts";

/** apps/v1 DaemonSet. */
export const DaemonSet = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({
    selector: LabelSelector,
    template: PodTemplate,
    updateStrategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z.object({ maxUnavailable: IntOrPercent.default(1) }).prefault({}),
      })
      .prefault({}),
  }),
});
export type DaemonSet = z.infer<typeof DaemonSet>;
