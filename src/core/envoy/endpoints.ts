import type { AddressJson } from "../../gen/envoy/config/core/v3/address_pb.js";
import { peerHopSocket } from "../../model/peer-hop.ts";
import type { ClusterLoadAssignmentJson } from "../../gen/envoy/config/endpoint/v3/endpoint_pb.js";
import type {
  LbEndpointJson,
  LocalityLbEndpointsJson,
} from "../../gen/envoy/config/endpoint/v3/endpoint_components_pb.js";
import type { HealthStatusJson } from "../../gen/envoy/config/core/v3/health_check_pb.js";
import type { EndpointRole, ProgramEndpoint, ProgramTier, ServiceProgram } from "../../model/service-program.ts";

/**
 * Envoy uses a DEGRADED endpoint when no healthy one is left in any priority, and before it panics: what a standby is.
 * The active check still applies to it.
 */
const HEALTH_STATUS: Readonly<Record<EndpointRole, HealthStatusJson>> = {
  active: "HEALTHY",
  standby: "DEGRADED",
  out: "UNHEALTHY",
};

/** A load assignment with one priority a tier. Tiers without endpoints are left out, since Envoy wants priorities without gaps. */
export function loadAssignment(
  name: string,
  tiers: readonly ProgramTier[],
  how: { readonly minHealthyPercent: number; readonly peerHops?: string },
): ClusterLoadAssignmentJson {
  const endpoints = tiers
    .filter((tier) => tier.endpoints.length > 0)
    .map((tier, priority) => tierEndpoints(tier, priority, how.peerHops));
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

function tierEndpoints(tier: ProgramTier, priority: number, peerHops: string | undefined): LocalityLbEndpointsJson {
  return {
    priority,
    locality: { region: tier.site },
    lbEndpoints: tier.endpoints.map((endpoint) => lbEndpoint(tier, endpoint, peerHops)),
  };
}

/** HTTP goes to a peer's gateway through this gateway's hop to it; TCP goes there directly. */
function addressOf(tier: ProgramTier, endpoint: ProgramEndpoint, peerHops: string | undefined): AddressJson {
  if (!tier.local && peerHops !== undefined) return { pipe: { path: peerHopSocket(peerHops, endpoint) } };
  return { socketAddress: { address: endpoint.address, portValue: endpoint.port } };
}

function lbEndpoint(tier: ProgramTier, endpoint: ProgramEndpoint, peerHops: string | undefined): LbEndpointJson {
  const check = {
    ...(endpoint.checked ? {} : { disableActiveHealthCheck: true }),
    ...(endpoint.checkHost === undefined ? {} : { hostname: endpoint.checkHost }),
    ...(endpoint.checkPort === undefined ? {} : { portValue: endpoint.checkPort }),
  };
  return {
    endpoint: {
      address: addressOf(tier, endpoint, peerHops),
      ...(Object.keys(check).length === 0 ? {} : { healthCheckConfig: check }),
    },
    healthStatus: HEALTH_STATUS[endpoint.role],
  };
}

/** A load assignment for writes: this site is one destination, its hop; peers are their gateways. */
export function writeAssignment(
  name: string,
  program: ServiceProgram,
  hops: { readonly own: string; readonly peers: string },
): ClusterLoadAssignmentJson {
  const endpoints = program.tiers
    .filter((tier) => tier.endpoints.length > 0)
    .map((tier, priority) =>
      tier.local ? hopEndpoints(tier, priority, hops.own) : tierEndpoints(tier, priority, hops.peers),
    );
  return {
    clusterName: name,
    endpoints,
    policy: { overprovisioningFactor: overprovisioningFactor(program.minHealthyPercent) },
  };
}

function hopEndpoints(tier: ProgramTier, priority: number, hopSocket: string): LocalityLbEndpointsJson {
  const roles = new Set(tier.endpoints.map((endpoint) => endpoint.role));
  const role = roles.has("active") ? "active" : roles.has("standby") ? "standby" : "out";
  const endpoint: LbEndpointJson = {
    endpoint: { address: { pipe: { path: hopSocket } } },
    healthStatus: HEALTH_STATUS[role],
  };
  return { priority, locality: { region: tier.site }, lbEndpoints: [endpoint] };
}
