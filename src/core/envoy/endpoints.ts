import type {
  AssignedAddress,
  AssignedCheck,
  AssignedEndpoint,
  AssignedHealth,
  AssignedMetadata,
  LoadAssignment,
  PriorityEndpoints,
} from "../../model/load-assignment.ts";
import { peerHopSocket } from "../../model/peer-hop.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { EndpointRole, ProgramEndpoint, ProgramTier, ServiceProgram } from "../../model/service-program.ts";
import { SERVICE_METADATA } from "./names.ts";

/**
 * Envoy uses a DEGRADED endpoint when no healthy one is left in any priority, and before it panics: what a standby is.
 * The active check still applies to it.
 */
const HEALTH_STATUS: Readonly<Record<EndpointRole, AssignedHealth>> = {
  active: "HEALTHY",
  standby: "DEGRADED",
  out: "UNHEALTHY",
};

/** How HTTP gets to peers' gateways: through the sockets in a directory, with the service's name. */
interface PeerHops {
  readonly directory: string;
  readonly service: ServicePortKey;
}

/** A load assignment with one priority a tier. Tiers without endpoints are left out, since Envoy wants priorities without gaps. */
export function loadAssignment(
  name: string,
  tiers: readonly ProgramTier[],
  how: { readonly minHealthyPercent: number; readonly hops?: PeerHops },
): LoadAssignment {
  const endpoints = tiers
    .filter((tier) => tier.endpoints.length > 0)
    .map((tier, priority) => tierEndpoints(tier, priority, how.hops));
  return {
    clusterName: name,
    endpoints,
    policy: { overprovisioningFactor: overprovisioningFactor(how.minHealthyPercent) },
  };
}

/** Envoy keeps all traffic in a tier while healthy% x factor >= 100%. */
function overprovisioningFactor(minHealthyPercent: number): number {
  return Math.round((100 * 100) / minHealthyPercent);
}

function tierEndpoints(tier: ProgramTier, priority: number, hops: PeerHops | undefined): PriorityEndpoints {
  return {
    priority,
    locality: { region: tier.site },
    lbEndpoints: tier.endpoints.map((endpoint) => lbEndpoint(tier, endpoint, hops)),
  };
}

/** HTTP goes to a peer's gateway through this gateway's hop to it; TCP goes there directly. */
function addressOf(endpoint: ProgramEndpoint, hops: PeerHops | undefined): AssignedAddress {
  if (hops !== undefined) return { pipe: { path: peerHopSocket(hops.directory, endpoint) } };
  return { socketAddress: { address: endpoint.address, portValue: endpoint.port } };
}

function lbEndpoint(tier: ProgramTier, endpoint: ProgramEndpoint, peerHops: PeerHops | undefined): AssignedEndpoint {
  const hops = tier.local ? undefined : peerHops;
  const check: AssignedCheck = {
    ...(endpoint.checked ? {} : { disableActiveHealthCheck: true }),
    ...(endpoint.checkHost === undefined ? {} : { hostname: endpoint.checkHost }),
    ...(endpoint.checkPort === undefined ? {} : { portValue: endpoint.checkPort }),
  };
  return {
    endpoint: {
      address: addressOf(endpoint, hops),
      ...(Object.keys(check).length === 0 ? {} : { healthCheckConfig: check }),
    },
    healthStatus: HEALTH_STATUS[endpoint.role],
    ...(hops === undefined ? {} : { metadata: serviceMetadata(hops.service) }),
  };
}

function serviceMetadata(service: ServicePortKey): AssignedMetadata {
  return { filterMetadata: { [SERVICE_METADATA.namespace]: { [SERVICE_METADATA.key]: service } } };
}

/** A load assignment for writes: this site is one destination, the socket for its writes; peers are their gateways. */
export function writeAssignment(
  name: string,
  program: ServiceProgram,
  sockets: { readonly own: string; readonly peers: string },
): LoadAssignment {
  const endpoints = program.tiers
    .filter((tier) => tier.endpoints.length > 0)
    .map((tier, priority) =>
      tier.local
        ? writeEndpoints(tier, priority, { socket: sockets.own, service: program.service })
        : tierEndpoints(tier, priority, { directory: sockets.peers, service: program.service }),
    );
  return {
    clusterName: name,
    endpoints,
    policy: { overprovisioningFactor: overprovisioningFactor(program.minHealthyPercent) },
  };
}

function writeEndpoints(
  tier: ProgramTier,
  priority: number,
  own: { readonly socket: string; readonly service: ServicePortKey },
): PriorityEndpoints {
  const roles = new Set(tier.endpoints.map((endpoint) => endpoint.role));
  const role = roles.has("active") ? "active" : roles.has("standby") ? "standby" : "out";
  const endpoint: AssignedEndpoint = {
    endpoint: { address: { pipe: { path: own.socket } } },
    metadata: serviceMetadata(own.service),
    healthStatus: HEALTH_STATUS[role],
  };
  return { priority, locality: { region: tier.site }, lbEndpoints: [endpoint] };
}
