/**
 * FailoverPolicy.status: what `kubectl get` and `kubectl describe` show of a policy, as the controller writes it.
 * @module
 */
import { z } from "zod";

const StatusCondition = z.object({
  type: z.string(),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int(),
  /** RFC 3339. */
  lastTransitionTime: z.string(),
});
/** metav1.Condition. */
export type StatusCondition = z.infer<typeof StatusCondition>;

/** One site as a place for all that a policy targets: of several Services and ports the one that is worst off. */
const StatusSite = z.object({
  name: z.string(),
  healthy: z.int(),
  total: z.int(),
  /** Of the own site: how often each endpoint is asked, e.g. `250ms`. */
  checkInterval: z.string().optional(),
});

/** The status of a FailoverPolicy. Lenient, since it is read back from where anybody may have written. */
export const PolicyStatus = z.object({
  observedGeneration: z.int(),
  conditions: z.array(StatusCondition),
  /** Where requests go that the gateways take; several when Services or ports differ, with commas between. */
  servingSite: z.string().optional(),
  /** Where the Services' own addresses lead: to `Pods`, as without Tandem, or to `Gateways`. */
  traffic: z.enum(["Pods", "Gateways"]).optional(),
  /** Of this site, e.g. `3/3`. */
  healthy: z.string().optional(),
  /** Other sites that could serve now with the gateways that say so, e.g. `east 2/2`. */
  standby: z.string().optional(),
  /** What is asked of this site's endpoints. */
  check: z.string().optional(),
  sites: z.array(StatusSite).optional(),
  lastFailover: z
    .object({
      /** RFC 3339. */
      at: z.string(),
      from: z.string(),
      to: z.string(),
      trigger: z.string(),
      detectionMs: z.number().optional(),
    })
    .optional(),
});
export type PolicyStatus = z.infer<typeof PolicyStatus>;

/** Something that a person may want to know of, as an Event of the policy. */
export interface PolicyEvent {
  readonly type: "Normal" | "Warning";
  /** One word, listed in docs/status.md. */
  readonly reason: string;
  readonly message: string;
}
