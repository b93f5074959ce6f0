/**
 * What `tandem status` shows: one gateway's view of its services.
 * @module
 */
import type { ServicePortKey } from "./service-key.ts";
import type { ActiveSwitch, FailoverRecord } from "./service-view.ts";
import type { Problem } from "./problem.ts";

/** Types of conditions, in the order in which they are shown. */
export const CONDITION_TYPES = ["Accepted", "Programmed", "Protected", "FailedOver", "Degraded", "Consistent"] as const;

/** A condition as Kubernetes has them. */
export interface Condition {
  readonly type: (typeof CONDITION_TYPES)[number];
  readonly status: "True" | "False" | "Unknown";
  /** One word in CamelCase, listed in docs/status.md. */
  readonly reason: string;
  readonly message: string;
}

/** One site as a place for a service. */
export interface SiteStatus {
  readonly name: string;
  readonly healthy: number;
  readonly total: number;
  /** Used only when no other site can serve: it failed and waits for the hold-down, or a switch points elsewhere. */
  readonly standby: boolean;
}

/** One port of one service. */
export interface ServiceStatus {
  readonly service: ServicePortKey;
  readonly protocol: "http" | "tcp";
  /** Where clients connect on this gateway. */
  readonly listen: string | undefined;
  readonly servingSite: string;
  /** Unix milliseconds. */
  readonly servingSince: number | undefined;
  readonly sites: readonly SiteStatus[];
  /** What is asked of local endpoints, e.g. `http GET /healthz`. */
  readonly check: string;
  /** Interval in force, milliseconds. */
  readonly checkIntervalMs: number;
  /** The switch in force, whichever site serves. */
  readonly switch: ActiveSwitch | undefined;
  readonly lastFailover: FailoverRecord | undefined;
  readonly conditions: readonly Condition[];
}

/** A peer as this agent knows it. */
export interface PeerStatus {
  readonly name: string;
  readonly accepted: boolean;
  /** Its catalog is being received. */
  readonly connected: boolean;
  readonly gateways: readonly string[];
}

/** Everything that one agent says of itself. */
export interface AgentStatus {
  readonly site: string;
  readonly gateway: string;
  readonly version: string;
  /** Envoy is connected and has acknowledged everything. */
  readonly envoy: "absent" | "configuring" | "ready";
  readonly draining: boolean;
  /** Unix milliseconds at which this gateway's certificate ends. */
  readonly certificateEnds: number | undefined;
  readonly services: readonly ServiceStatus[];
  readonly peers: readonly PeerStatus[];
  readonly problems: readonly Problem[];
}
