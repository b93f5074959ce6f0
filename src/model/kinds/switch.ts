import { z } from "zod";
import { DnsLabel, DnsSubdomain, NamespacedMetadata, TANDEM_API_VERSION } from "./metadata.ts";

/** What a person says about an order. It is shown on terminals, of other sites too: control characters have no place in it. */
export const Reason = z
  .string()
  .max(1024)
  .regex(/^\P{Cc}*$/u, "has control characters such as line breaks: write one line of plain text");

/**
 * A person's order that a site serve a Service for a while, carried to all sites as one given with `tandem switch` is.
 * The newest counts. Deleted or expired means over.
 */
export const Switch = z.strictObject({
  apiVersion: z.literal(TANDEM_API_VERSION),
  kind: z.literal("Switch"),
  metadata: NamespacedMetadata.extend({
    /** When it was ordered, RFC 3339. A store fills it in where the author did not. */
    creationTimestamp: z.iso
      .datetime({ offset: true, error: "is not an RFC 3339 time such as 2026-12-01T06:00:00Z" })
      .nullish(),
  }),
  spec: z.strictObject({
    targetRef: z.strictObject({ group: z.literal("").default(""), kind: z.literal("Service"), name: DnsSubdomain }),
    to: DnsLabel,
    /** RFC 3339; absent means until it is deleted. */
    until: z.iso.datetime({ offset: true, error: "is not an RFC 3339 time such as 2026-12-01T06:00:00Z" }).optional(),
    reason: Reason.default(""),
  }),
  status: z.unknown().optional(),
});
export type Switch = z.infer<typeof Switch>;
