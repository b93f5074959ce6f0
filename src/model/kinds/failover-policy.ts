import { z } from "zod";
import { Duration } from "../duration.ts";
import { DnsLabel, DnsSubdomain, NamespacedMetadata, TANDEM_API_VERSION } from "./metadata.ts";

const PortNumber = z.int().min(1).max(65535);

/** A port of the endpoints, as in a readinessProbe: its name in the EndpointSlice, or its number. */
const PortRef = z.union([PortNumber, z.string().min(1).max(63)]);

/** Text that can be sent: a surrogate without its other half has no bytes. */
const SendableText = z.string().refine((text) => text.isWellFormed(), { error: "has half a surrogate pair" });

const HttpCheck = z.strictObject({
  path: SendableText.startsWith("/", "does not start with '/'").max(2048),
  /** The served port when absent. */
  port: PortRef.optional(),
  /** Host header of the check; the endpoint's address when absent. */
  host: SendableText.min(1).max(253).optional(),
});

const TcpCheck = z
  .strictObject({
    port: PortRef.optional(),
    /** Text that is sent after connecting. Without it the check is a mere connect, which cannot see a hung process. */
    send: SendableText.min(1).max(1024).optional(),
    /** Text that the answer must contain. */
    receive: SendableText.min(1).max(1024).optional(),
  })
  .refine((check) => (check.send === undefined) === (check.receive === undefined), {
    error: "needs both send and receive, or neither",
  });

/** How endpoints are asked whether they are well. */
export const HealthCheck = z
  .strictObject({
    http: HttpCheck.optional(),
    tcp: TcpCheck.optional(),
    interval: Duration.optional(),
    timeout: Duration.optional(),
    unhealthyThreshold: z.int().min(1).max(10).default(2),
    healthyThreshold: z.int().min(1).max(10).default(1),
  })
  .refine((check) => check.http === undefined || check.tcp === undefined, { error: "has both http and tcp; keep one" })
  .refine((check) => check.interval === undefined || check.interval >= 50, {
    error: "interval is below 50ms, more than pods should bear",
    path: ["interval"],
  })
  .refine((check) => check.timeout === undefined || check.timeout >= 10, {
    error: "timeout is below 10ms, shorter than a busy machine can keep",
    path: ["timeout"],
  });

export type HealthCheck = z.infer<typeof HealthCheck>;

const Retry = z.strictObject({
  /** Retries after the first attempt, at most. 0 switches retrying off. */
  attempts: z.int().min(0).max(10).default(3),
  perTryTimeout: Duration.prefault("1s"),
  /** A read whose attempt exceeds `perTryTimeout` is tried elsewhere while the first attempt goes on. */
  hedge: z.boolean().default(true),
  crossSiteWrites: z.boolean().default(false),
  idempotencyHeader: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is not a header name")
    .optional(),
});

/** Which sites serve a Service, how its health is judged, and what is retried where. The same object in every site that takes part. */
export const FailoverPolicy = z.strictObject({
  apiVersion: z.literal(TANDEM_API_VERSION),
  kind: z.literal("FailoverPolicy"),
  metadata: NamespacedMetadata,
  spec: z.strictObject({
    targetRefs: z
      .array(z.strictObject({ group: z.literal("").default(""), kind: z.literal("Service"), name: DnsSubdomain }))
      .min(1, "names no Service")
      .max(16),
    /** Direct exists only where Kubernetes programs Service addresses; absent means the site's own kind decides. */
    mode: z.enum(["Direct", "Gateway"]).optional(),
    /** Who serves the Service and may call it. */
    sites: z
      .array(z.strictObject({ name: DnsLabel }))
      .min(1, "names no site")
      .max(16)
      .refine((sites) => new Set(sites.map((site) => site.name)).size === sites.length, {
        error: "names a site twice",
      }),
    prefer: z.enum(["Local", "Listed"]).default("Local"),
    minHealthyPercent: z.int().min(1).max(100).default(50),
    /** `fast`: checks every 100 ms with a time-out of 100 ms, for machines that are never that busy. */
    profile: z.enum(["standard", "fast"]).default("standard"),
    healthCheck: HealthCheck.optional(),
    retry: Retry.prefault({}),
    /** For the whole request with its retries; 0s is none. */
    timeout: Duration.prefault("0s"),
    failback: z
      .strictObject({ mode: z.enum(["Auto", "Manual"]).default("Auto"), holdDown: Duration.prefault("30s") })
      .prefault({}),
  }),
  status: z.unknown().optional(),
});
export type FailoverPolicy = z.infer<typeof FailoverPolicy>;

/** Annotation of a policy that counts as none for as long as it says `true`: its Services are released and stay so. */
export const PAUSED_ANNOTATION = "tandem.dev/paused";

/** Whether somebody has paused a policy. */
export function isPaused({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}): boolean {
  return metadata.annotations?.[PAUSED_ANNOTATION] === "true";
}
