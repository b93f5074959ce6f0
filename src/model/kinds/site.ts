import { z } from "zod";
import { ClusterMetadata, DnsLabel, TANDEM_API_VERSION } from "./metadata.ts";

/** The port on which gateways take in traffic of other sites, unless an address says otherwise. */
export const GATEWAY_PORT = 15443;

/** The port on which a gateway says whether it is ready. */
export const READY_PORT = 15021;

/** Annotation of a cluster's own Site: until when its gateways take tokens of sites that join, RFC 3339. */
export const JOIN_OPEN_ANNOTATION = "tandem.dev/join-open-until";

/** One gateway as other sites reach it. */
export const GatewayAddress = z.strictObject({
  name: DnsLabel,
  /** An IP address, or a DNS name (resolved by the caller, the last answer kept). */
  address: z.string().min(1, "is empty").max(253),
  port: z.int().min(1).max(65535).default(GATEWAY_PORT),
});
export type GatewayAddress = z.infer<typeof GatewayAddress>;

/** Failure domains, e.g. `region`, `zone`, `provider`. */
export const SiteLabels = z.record(z.string().max(63), z.string().max(253, "is longer than 253 characters"));

/**
 * A cluster, data centre or group of VMs with gateways and a certificate authority of its own.
 * Only the object named like the own site counts in its directory: sites that join tell of themselves.
 */
export const Site = z.strictObject({
  apiVersion: z.literal(TANDEM_API_VERSION),
  kind: z.literal("Site"),
  metadata: ClusterMetadata,
  spec: z.strictObject({
    gateways: z.array(GatewayAddress).min(1, "needs at least one gateway").max(32),
    /** PEM of the certificate authorities of the site's trust domain; empty in the own Site, whose CA is the state directory's. */
    trustBundle: z.string().max(65_536).default(""),
    labels: SiteLabels.default({}),
    /** False until a person or a standing order lets an introduced site take part. */
    accepted: z.boolean().default(true),
  }),
  status: z.unknown().optional(),
});
export type Site = z.infer<typeof Site>;
