/**
 * What agents tell each other: one JSON object a line, small changes only, everything again after a reconnect.
 * @module
 */
import { z } from "zod";
import { DnsLabel } from "./kinds/metadata.ts";
import { Reason } from "./kinds/switch.ts";
import { GatewayAddress, SiteLabels } from "./kinds/site.ts";
import { ServiceReport } from "./service-report.ts";
import type { ServiceKey, ServicePortKey } from "./service-key.ts";
import { LOSS_TRIGGERS } from "./service-view.ts";

const ServiceKeySchema = z.string().regex(/^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}$/) as unknown as z.ZodType<ServiceKey>;
const ServicePortKeySchema = z
  .string()
  .regex(/^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}\/\d{1,5}$/) as unknown as z.ZodType<ServicePortKey>;

/** What a site offers of one Service. How healthy it is there a gateway learns from its own probes, which are never late. */
export const CatalogEntry = z.object({
  /** Those with endpoints, ready or not. */
  ports: z.array(z.int().min(1).max(65535)).max(64),
  /** Fingerprint of the policy's spec, to see whether the sites agree. */
  policyHash: z.string().max(64),
});
export type CatalogEntry = z.infer<typeof CatalogEntry>;

/** A switch as it travels. Of two for one Service the newer counts; `over` is the tombstone of a deleted one. */
export const SwitchRecord = z.object({
  service: ServiceKeySchema,
  to: DnsLabel,
  /** Unix milliseconds; absent: until deleted. */
  until: z.number().optional(),
  reason: Reason,
  /** Unix milliseconds at which it was ordered, or deleted. */
  at: z.number(),
  /** Site where it was ordered: decides between two of the same millisecond. */
  origin: DnsLabel,
  over: z.boolean(),
  /** `namespace/name` of the manifest at `origin` that orders it; absent when it was ordered by command. */
  manifest: z.string().max(320).optional(),
  /** Gateway that read the manifest. */
  gateway: DnsLabel.optional(),
});
export type SwitchRecord = z.infer<typeof SwitchRecord>;

/** A site as its members know it. */
export const SiteRecord = z.object({
  name: DnsLabel,
  gateways: z.array(GatewayAddress).max(32),
  /** PEM. */
  trustBundle: z.string().max(65_536),
  labels: SiteLabels,
  accepted: z.boolean(),
  /** Unix milliseconds of the last change; the newer counts. */
  at: z.number(),
});
export type SiteRecord = z.infer<typeof SiteRecord>;

/** One line of a catalog stream. */
export const CatalogMessage = z.discriminatedUnion("type", [
  /** The sender is going away: nothing new should be sent to its gateway. */
  z.object({ type: z.literal("draining"), draining: z.boolean() }),
  z.object({ type: z.literal("service"), service: ServiceKeySchema, entry: CatalogEntry.nullable() }),
  z.object({ type: z.literal("switch"), switch: SwitchRecord }),
  /** The sender's own site, gateway addresses and trust bundle included. */
  z.object({ type: z.literal("site"), site: SiteRecord }),
  /** Between gateways of one site: which sites the sender holds back for a service. */
  z.object({
    type: z.literal("holds"),
    service: ServicePortKeySchema,
    sites: z.array(z.object({ site: DnsLabel, trigger: z.enum(LOSS_TRIGGERS) })).max(16),
  }),
  /** From gateways to the controllers of their site: a service as the sender sees it; null when there is none any more. */
  z.object({ type: z.literal("report"), service: ServicePortKeySchema, report: ServiceReport.nullable() }),
  /** From gateways to the controllers of their site: addresses of sibling gateways that do not answer the sender. */
  z.object({ type: z.literal("siblings"), dead: z.array(z.string().max(64)).max(32) }),
  /** Between gateways of one site: a peer site that the issuer has let in. */
  z.object({ type: z.literal("member"), site: SiteRecord }),
  /** Everything has been said once. */
  z.object({ type: z.literal("synced") }),
  z.object({ type: z.literal("beat") }),
]);
/** A site that a gateway holds back for a service. */
export type HeldSite = Extract<CatalogMessage, { type: "holds" }>["sites"][number];
export type CatalogMessage = z.infer<typeof CatalogMessage>;

/** The one of two switches of a Service that counts. */
export function newerSwitch(left: SwitchRecord, right: SwitchRecord): SwitchRecord {
  if (left.at !== right.at) return left.at > right.at ? left : right;
  return left.origin >= right.origin ? left : right;
}

/** Who gave an order, for people: `by command at west`, `by manifest shop/web-away of west`. */
export function orderedBy({ origin, manifest }: Pick<SwitchRecord, "origin" | "manifest">): string {
  return manifest === undefined ? `by command at ${origin}` : `by manifest ${manifest} of ${origin}`;
}
