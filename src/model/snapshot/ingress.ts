import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** networking.k8s.io/v1 Ingress, as far as it says that there is one, and of which class. */
export const Ingress = z.object({
  metadata: SnapshotMetadata,
  spec: z.object({ ingressClassName: z.string().optional() }).prefault({}),
});
export type Ingress = z.infer<typeof Ingress>;
