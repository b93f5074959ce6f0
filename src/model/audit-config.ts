/**
 * The audit's configuration file, `tandem-audit.yaml`.
 * @module
 */
import { z } from "zod";

const Severity = z.enum(["critical", "high", "medium", "low", "info"]);

const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "is not a date such as 2027-01-31");

/** Findings that are left out, why, and until when. */
export const AuditExemption = z.strictObject({
  rule: z.string(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  reason: z.string().min(1, "needs a reason"),
  /** The last day on which it holds; absent: for good. */
  until: Day.optional(),
});
export type AuditExemption = z.infer<typeof AuditExemption>;

/** All that can be configured. Unknown fields are mistakes. */
export const AuditConfig = z.strictObject({
  /** By rule: another severity, or `off`. */
  rules: z.record(z.string(), z.union([Severity, z.literal("off")])).default({}),
  exempt: z.array(AuditExemption).default([]),
  /** From which severity on a finding fails the command. */
  failOn: z.union([Severity, z.literal("none")]).optional(),
  /** Namespaces that are not looked at. */
  ignoreNamespaces: z.array(z.string()).default([]),
});
export type AuditConfig = z.infer<typeof AuditConfig>;
