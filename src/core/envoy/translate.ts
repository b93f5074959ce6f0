/**
 * ServiceProgram -> xDS resources. Pure; each service's resources depend on its program alone.
 * @module
 */
import type { FilterChainJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
import type { LoadAssignment } from "../../model/load-assignment.ts";
import { tcpServerName } from "../../model/service-key.ts";
import type { ProgramTier, ServiceProgram } from "../../model/service-program.ts";
import { clientListenerOf, tcpProxy } from "./client-listener.ts";
import { clientRoute } from "./client-route.ts";
import { httpOutCluster, httpWriteCluster, inClusterOf, tcpOutCluster, tcpTierCluster } from "./cluster.ts";
import { loadAssignment, writeAssignment } from "./endpoints.ts";
import {
  agentCluster,
  callerTls,
  type GatewayBase,
  writeListener,
  networkRbac,
  peersListener,
  readyListener,
} from "./gateway-base.ts";
import { peerGatewayCluster, peerHopCluster, peerHopListener } from "./peer-hop.ts";
import type { HealthEventLog } from "./health-check.ts";
import {
  clientListener,
  writeScope,
  inCluster,
  inScope,
  outCluster,
  tierCluster,
  WRITE_LISTENER,
  writeCluster,
} from "./names.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import { peerScope, ownWritesScope } from "./scoped-route.ts";

/** Where a gateway finds what is its own. */
export interface GatewayFiles {
  readonly healthEvents: HealthEventLog;
  readonly writeSocket: string;
  /** Directory of the sockets to the gateways of peers. */
  readonly peerHops: string;
}

/** The xDS resources of one service. */
export function translateService(program: ServiceProgram, files: GatewayFiles): readonly XdsResource[] {
  const calling = program.listen === undefined ? [] : callingOf(program, program.listen, files);
  return [...serving(program, files), ...calling, ...translateEndpoints(program, files)];
}

/** Those of them that follow from the endpoints of its tiers; all others stay as they are when only these change. */
export function translateEndpoints(program: ServiceProgram, files: GatewayFiles): readonly XdsResource[] {
  const assignments = [servingEndpoints(program)];
  if (program.listen !== undefined) {
    if (program.protocol === "http") assignments.push(...httpEndpoints(program, files));
    else assignments.push(...program.tiers.map((tier) => tierEndpoints(program, tier)));
  }
  return assignments.map((body) => ({ type: "endpoints", name: body.clusterName, body }));
}

/** The chain by which peers reach a TCP service; undefined for services that are not TCP. */
export function translateTcpChain(program: ServiceProgram): FilterChainJson | undefined {
  if (program.protocol !== "tcp" || program.callers.length === 0) return undefined;
  const serverName = tcpServerName(program.service, program.site);
  return {
    name: serverName,
    filterChainMatch: { serverNames: [serverName] },
    transportSocket: callerTls(program.callers),
    transportSocketConnectTimeout: "5s",
    filters: [networkRbac(program.callers), tcpProxy(inCluster(program.service), inCluster(program.service))],
  };
}

/** What the gateway has besides services. */
export function translateBase(base: GatewayBase): readonly XdsResource[] {
  return [
    { type: "cluster", name: "agent", body: agentCluster(base) },
    ...base.peerGateways.flatMap((gateway): XdsResource[] => {
      const name = peerGatewayCluster(gateway);
      return [
        { type: "cluster", name, body: peerHopCluster(gateway) },
        { type: "listener", name, body: peerHopListener(gateway, base.peerHops) },
      ];
    }),
    { type: "listener", name: "peers", body: peersListener(base) },
    { type: "listener", name: WRITE_LISTENER, body: writeListener(base) },
    { type: "listener", name: "ready", body: readyListener(base) },
  ];
}

/** For what peers send in. */
function serving(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  return [
    { type: "cluster", name: inCluster(program.service), body: inClusterOf(program, files.healthEvents) },
    { type: "scopedRoute", name: inScope(program.service), body: peerScope(program) },
  ];
}

/** Local endpoints only, all of them active, whoever is preferred elsewhere. */
function servingEndpoints(program: ServiceProgram): LoadAssignment {
  const local = program.tiers.filter((tier) => tier.local).map(everyEndpointActive);
  return loadAssignment(inCluster(program.service), local, program);
}

/** A site that is held back here still serves who asks it, and its own check decides, never a check of the callers' side. */
function everyEndpointActive(tier: ProgramTier): ProgramTier {
  return {
    ...tier,
    endpoints: tier.endpoints.map((endpoint) => ({
      ...endpoint,
      role: endpoint.ready ? "active" : "out",
      checked: true,
    })),
  };
}

/** For the clients of this site. */
function callingOf(
  program: ServiceProgram,
  listen: NonNullable<ServiceProgram["listen"]>,
  files: GatewayFiles,
): XdsResource[] {
  const name = clientListener(program.service);
  const listener: XdsResource = { type: "listener", name, body: clientListenerOf(program, listen) };
  return [...(program.protocol === "http" ? httpCalling(program, files) : tcpCalling(program, files)), listener];
}

function httpCalling(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  const out = outCluster(program.service);
  const write = writeCluster(program.service);
  const resources: XdsResource[] = [
    { type: "cluster", name: out, body: httpOutCluster(program, files.healthEvents) },
    { type: "route", name: clientListener(program.service), body: clientRoute(program) },
  ];
  if (program.retry.crossSiteWrites) return resources;
  return [
    ...resources,
    { type: "cluster", name: write, body: httpWriteCluster(program) },
    { type: "scopedRoute", name: writeScope(program.service), body: ownWritesScope(program) },
  ];
}

function httpEndpoints(program: ServiceProgram, files: GatewayFiles): LoadAssignment[] {
  const out = loadAssignment(outCluster(program.service), program.tiers, {
    ...program,
    hops: { directory: files.peerHops, service: program.service },
  });
  if (program.retry.crossSiteWrites) return [out];
  const sockets = { own: files.writeSocket, peers: files.peerHops };
  return [out, writeAssignment(writeCluster(program.service), program, sockets)];
}

function tcpCalling(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  const tiers = program.tiers.map((tier): XdsResource => {
    const name = tierCluster(program.service, tier.site);
    return { type: "cluster", name, body: tcpTierCluster(program, tier, files.healthEvents) };
  });
  return [...tiers, { type: "cluster", name: outCluster(program.service), body: tcpOutCluster(program) }];
}

function tierEndpoints(program: ServiceProgram, tier: ProgramTier): LoadAssignment {
  return loadAssignment(tierCluster(program.service, tier.site), [tier], program);
}
