/**
 * What a gateway reports of a service to the controllers of its site.
 * @module
 */
import { z } from "zod";
import { DnsLabel } from "./kinds/metadata.ts";
import { LOSS_TRIGGERS } from "./service-view.ts";
import { CONDITION_TYPES } from "./status.ts";

/** What is written into a condition or a note has an end. */
const Words = z.string().transform((text) => text.slice(0, 1_024));

const ReportedCondition = z.object({
  type: z.enum(CONDITION_TYPES),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string().max(128),
  message: Words,
});

const ReportedFailover = z.object({
  /** Unix milliseconds. */
  at: z.number(),
  from: DnsLabel,
  to: DnsLabel,
  trigger: z.enum([...LOSS_TRIGGERS, "Switch", "Failback"]),
  detectionMs: z.number().optional(),
});

const ReportedSite = z.object({
  name: DnsLabel,
  healthy: z.int().min(0),
  total: z.int().min(0),
  standby: z.boolean(),
});

/** One gateway's view of one port of a Service. */
export const ServiceReport = z.object({
  servingSite: DnsLabel,
  sites: z.array(ReportedSite).max(16),
  /** What is asked of local endpoints. */
  check: Words,
  /** Interval in force, milliseconds. */
  checkIntervalMs: z.number(),
  lastFailover: ReportedFailover.optional(),
  conditions: z.array(ReportedCondition).max(CONDITION_TYPES.length),
});
export type ServiceReport = z.infer<typeof ServiceReport>;
