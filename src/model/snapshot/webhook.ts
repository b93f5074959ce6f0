import { z } from "zod";
import { SnapshotMetadata } from "./selectors.ts";

/** admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration and MutatingWebhookConfiguration. */
export const WebhookConfiguration = z.object({
  metadata: SnapshotMetadata,
  webhooks: z
    .array(
      z.object({
        name: z.string(),
        failurePolicy: z.string().default("Fail"),
        clientConfig: z
          .object({ service: z.object({ namespace: z.string(), name: z.string() }).optional() })
          .prefault({}),
      }),
    )
    .default([]),
});
export type WebhookConfiguration = z.infer<typeof WebhookConfiguration>;
