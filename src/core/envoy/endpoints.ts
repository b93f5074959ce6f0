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

/** Endpoint metadata that transport sockets are matched on. */
const TRANSPORT_MATCH = "envoy.transport_socket_match";

/** A load assignment with one priority a tier. Tiers without endpoints are left out, since Envoy wants priorities without gaps. */
export function loadAssignment(
  name: string,
  tiers: readonly ProgramTier[],
  minHealthyPercent: number,
): ClusterLoadAssignmentJson {
  const endpoints = tiers.filter((tier) => tier.endpoints.length > 0).map(tierEndpoints);
  return {
    clusterName: name,
    endpoints,
    policy: { overprovisioningFactor: overprovisioningFactor(minHealthyPercent) },
  };
}

/** Envoy keeps all traffic in a tier while healthy% x factor >= 100%. */
function overprovisioningFactor(minHealthyPercent: number): number {
  return Math.round((100 * 100) / minHealthyPercent);
}

function tierEndpoints(tier: ProgramTier, priority: number): LocalityLbEndpointsJson {
  return {
    priority,
    locality: { region: tier.site },
    lbEndpoints: tier.endpoints.map((endpoint) => lbEndpoint(tier, endpoint)),
  };
}

function lbEndpoint(tier: ProgramTier, endpoint: ProgramEndpoint): LbEndpointJson {
  const check = {
    ...(endpoint.checked ? {} : { disableActiveHealthCheck: true }),
    ...(endpoint.checkHost === undefined ? {} : { hostname: endpoint.checkHost }),
    ...(endpoint.checkPort === undefined ? {} : { portValue: endpoint.checkPort }),
  };
  return {
    endpoint: {
      address: { socketAddress: { address: endpoint.address, portValue: endpoint.port } },
      ...(Object.keys(check).length === 0 ? {} : { healthCheckConfig: check }),
    },
    healthStatus: HEALTH_STATUS[endpoint.role],
    ...(tier.local ? {} : { metadata: { filterMetadata: { [TRANSPORT_MATCH]: { site: tier.site } } } }),
  };
}

/** A load assignment for writes: this site is one destination, its hop; peers are their gateways. */
export function writeAssignment(name: string, program: ServiceProgram, hopSocket: string): ClusterLoadAssignmentJson {
  const endpoints = program.tiers
    .filter((tier) => tier.endpoints.length > 0)
    .map((tier, priority) => (tier.local ? hopEndpoints(tier, priority, hopSocket) : tierEndpoints(tier, priority)));
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
