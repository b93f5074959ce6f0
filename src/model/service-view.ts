/**
 * Everything that deciding about one port of one service needs, gathered from stores, catalog and Envoy's own verdicts.
 * @module
 */
import type { FailoverPolicy } from "./kinds/index.ts";
import type { ServicePortKey } from "./service-key.ts";

/** What active checks say: `unknown` until the first result under the check in force. */
export type CheckState = "unknown" | "passing" | "failing";

/**
 * Envoy's verdicts on one endpoint. Which of them there are depends on what it is:
 *
 * | endpoint | `out` | `in` |
 * | --- | --- | --- |
 * | pod, http check | the check in the callers' cluster | the same check, less often |
 * | pod of an HTTP service, tcp check | unknown: that cluster checks with HTTP; `plan` feeds `in` back as the role `out` | the check |
 * | pod of a TCP service | the check in the cluster of its tier | the same check, less often |
 * | any pod while the check is Unknown or suspect | unknown: Envoy is told not to check it for callers | the check |
 * | gateway of a peer | its answer to the probe for this service | unknown |
 */
export interface EndpointHealth {
  /** By the cluster that callers here use (`out`): local endpoints with an http check, and peers' gateways. */
  readonly out: CheckState;
  /** By the cluster that holds local endpoints only (`in`). */
  readonly in: CheckState;
  /** Outlier detection has ejected it from the callers' cluster. */
  readonly ejected: boolean;
}

/** An endpoint of this site. */
export interface LocalEndpoint {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Kubernetes readiness: a further "no", never a "yes". */
  readonly ready: boolean;
  /** Port that the health check asks, when it is another one. */
  readonly checkPort?: number;
}

/** A gateway of a peer as it is reached. */
export interface PeerGateway {
  readonly name: string;
  /** IP address, resolved. */
  readonly address: string;
  readonly port: number;
  /** It announced that it is going away. */
  readonly draining: boolean;
}

/** A site other than this one that the policy lists. */
export interface PeerSite {
  readonly name: string;
  readonly gateways: readonly PeerGateway[];
  /** What its catalog says of this service; undefined while no catalog was received: then the health check tells. */
  readonly offers: boolean | undefined;
}

/** Why a site lost its traffic. */
export const LOSS_TRIGGERS = ["CheckFailed", "Outlier", "NotReady", "NoEndpoints"] as const;
/** One of {@link LOSS_TRIGGERS}. */
export type LossTrigger = (typeof LOSS_TRIGGERS)[number];

/** A site that is kept out of the way after it failed, until it has been good for the policy's hold-down. */
export interface Hold {
  readonly trigger: LossTrigger;
  /** Unix milliseconds at which it failed. */
  readonly since: number;
  /** Unix milliseconds since which it has been good again; absent while it is not. */
  readonly goodSince?: number;
}

/** A manual switch in force. */
export interface ActiveSwitch {
  readonly to: string;
  /** Unix milliseconds; absent means until it is deleted. */
  readonly until?: number;
  readonly reason: string;
  /** Site where it was ordered. */
  readonly origin: string;
  /** `namespace/name` of the manifest at `origin` that orders it; absent when it was ordered by command. */
  readonly manifest?: string;
}

/** What the site remembers of a service from one decision to the next; survives restarts. */
export interface ServiceMemory {
  /** Fingerprint of the health check under which a local endpoint has passed. */
  readonly checkPassed?: string;
  /** Since when the check has failed at every site (Unix milliseconds). */
  readonly allFailSince?: number;
  /** This gateway's holds, by site. */
  readonly holds: Readonly<Record<string, Hold>>;
  /** Site that served at the last decision, and since when (Unix milliseconds). */
  readonly serving?: { readonly site: string; readonly since: number };
  /** Site of the switch that was in force at the last decision. */
  readonly switchedTo?: string;
  /** Since when as many endpoints as can be are ejected in every site although all pass their check (Unix milliseconds). */
  readonly exceededSince?: number;
  /** Requests are given more time per try until then (Unix milliseconds). */
  readonly hedgingRestsUntil?: number;
  readonly lastFailover?: FailoverRecord;
}

/** One change of the serving site. */
export interface FailoverRecord {
  /** Unix milliseconds. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly trigger: LossTrigger | "Switch" | "Failback";
  /** Milliseconds from Envoy's first sign of trouble to the decision; absent when there was no sign (a switch, a failback). */
  readonly detectionMs?: number;
}

/** Where clients of the own site reach a service on a gateway. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
  /** Besides `address`: one of the other IP family. */
  readonly otherAddresses?: readonly string[];
}

/** Input of {@link ../core/failover/judge.ts}. */
export interface ServiceView {
  readonly service: ServicePortKey;
  /** Name of this site. */
  readonly site: string;
  readonly policy: FailoverPolicy["spec"];
  readonly appProtocol: string | undefined;
  /** Port of this gateway on which clients reach the service; absent when this site may not call it. */
  readonly listen: ListenAddress | undefined;
  /** Clients go elsewhere from now on: who still comes is served, and told to open a new connection. */
  readonly leaving: boolean;
  readonly local: readonly LocalEndpoint[];
  readonly peers: readonly PeerSite[];
  /** By `address:port`; an endpoint that is not in it is unknown. */
  readonly health: ReadonlyMap<string, EndpointHealth>;
  readonly memory: ServiceMemory;
  /** Sites that siblings of this gateway hold, and why. */
  readonly siblingHolds: ReadonlyMap<string, LossTrigger>;
  readonly activeSwitch: ActiveSwitch | undefined;
  /** Gateways of this site that judge the same endpoints, this one included. */
  readonly judges: number;
  /** Unix milliseconds of Envoy's first sign of trouble since the service was last fully well. */
  readonly firstTroubleAt: number | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Key of an endpoint in {@link ServiceView.health}. */
export function endpointKey(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
