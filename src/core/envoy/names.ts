/**
 * Names of what Tandem programs into Envoy. They show in statistics, logs and events, so a person can search for them.
 * @module
 */
import type { ServicePortKey } from "../../model/service-key.ts";

/** Request header by which gateways name the service to each other; stripped from what clients send and before the pod. */
export const SERVICE_HEADER = "tandem-service";

/** Where the metadata of an endpoint that is a gateway has the service's name. */
export const SERVICE_METADATA = { namespace: "tandem", key: "service" } as const;

/** Request header that marks a gateway's question about a service's health. */
export const PROBE_HEADER = "tandem-probe";

/** Request header by which a gateway names the scope of a write to itself. */
export const WRITE_HEADER = "tandem-write";

/** Response header of a gateway that never passed the request on, so that the caller may send any method elsewhere. */
export const UNPROCESSED_HEADER = "tandem-unprocessed";

/** Carries the client's own `x-forwarded-proto` past Envoy, which would add one. */
export const FORWARDED_PROTO_HEADER = "tandem-forwarded-proto";

/** Cluster that callers of this site use: every tier. */
export const outCluster = (service: ServicePortKey): string => `out/${service}`;
/** Cluster of local endpoints only: serves what peers send in, and answers their probes. */
export const inCluster = (service: ServicePortKey): string => `in/${service}`;
/** Cluster of writes: this site as one destination, so that retries inside it stay inside. */
export const writeCluster = (service: ServicePortKey): string => `write/${service}`;
/** Cluster of one tier of a TCP service. */
export const tierCluster = (service: ServicePortKey, site: string): string => `tier/${service}/${site}`;
/** Listener and route configuration for clients of this site. */
export const clientListener = (service: ServicePortKey): string => `client/${service}`;
/** Scope of requests that peers send in. */
export const inScope = (service: ServicePortKey): string => `in/${service}`;
/** Scope of writes that this gateway sends to its own site. */
export const writeScope = (service: ServicePortKey): string => `write/${service}`;
/** SDS secret with which a peer's gateways are verified. */
export const peerValidation = (site: string): string => `peer/${site}`;

/** SDS secret: this gateway's certificate. */
export const LEAF_SECRET = "leaf";
/** SDS secret: the trust domains of all members. */
export const MEMBERS_SECRET = "members";
/** Listener for other sites. */
export const PEERS_LISTENER = "peers";
/** Listener for writes of this gateway to its own site. */
export const WRITE_LISTENER = "writes";
/** Listener that says whether this gateway may get new connections. */
export const READY_LISTENER = "ready";
/** Cluster of the agent's interface for other agents. */
export const AGENT_CLUSTER = "agent";

/** The service that a resource belongs to by its name; undefined for what the gateway itself has. */
export function serviceOfResource(name: string): ServicePortKey | undefined {
  return /^(?:out|in|write|tier|client)\/([^/]+\/[^/]+\/\d+)(?:\/|$)/.exec(name)?.[1] as ServicePortKey | undefined;
}
