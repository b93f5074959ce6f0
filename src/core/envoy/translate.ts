/**
 * ServiceProgram -> xDS resources. Pure; each service's resources depend on its program alone.
 * @module
 */
import type { FilterChainJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
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
  hopListener,
  networkRbac,
  peersListener,
  readyListener,
} from "./gateway-base.ts";
import { peerGatewayCluster, peerHopCluster, peerHopListener } from "./peer-hop.ts";
import type { HealthEventLog } from "./health-check.ts";
import { clientListener, hopScope, inCluster, inScope, outCluster, tierCluster, writeCluster } from "./names.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import { peerScope, writeScope } from "./scoped-route.ts";

/** Where a gateway finds what is its own. */
export interface GatewayFiles {
  readonly healthEvents: HealthEventLog;
  readonly hopSocket: string;
  /** Directory of the sockets to the gateways of peers. */
  readonly peerHops: string;
}

/** The xDS resources of one service. */
export function translateService(program: ServiceProgram, files: GatewayFiles): readonly XdsResource[] {
  const shared = serving(program, files);
  return program.protocol === "http"
    ? [...shared, ...httpCalling(program, files)]
    : [...shared, ...tcpCalling(program, files)];
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
    { type: "listener", name: "hop", body: hopListener(base) },
    { type: "listener", name: "ready", body: readyListener(base) },
  ];
}

/** For what peers send in: local endpoints only, all of them active, whoever is preferred elsewhere. */
function serving(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  const name = inCluster(program.service);
  const local = program.tiers.filter((tier) => tier.local).map(everyEndpointActive);
  return [
    { type: "cluster", name, body: inClusterOf(program, files.healthEvents) },
    { type: "endpoints", name, body: loadAssignment(name, local, program) },
    { type: "scopedRoute", name: inScope(program.service), body: peerScope(program) },
  ];
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

function httpCalling(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  if (program.listen === undefined) return [];
  const out = outCluster(program.service);
  const write = writeCluster(program.service);
  const resources: XdsResource[] = [
    { type: "cluster", name: out, body: httpOutCluster(program, files.healthEvents) },
    {
      type: "endpoints",
      name: out,
      body: loadAssignment(out, program.tiers, {
        ...program,
        hops: { directory: files.peerHops, service: program.service },
      }),
    },
    { type: "route", name: clientListener(program.service), body: clientRoute(program) },
    { type: "listener", name: clientListener(program.service), body: clientListenerOf(program, program.listen) },
  ];
  if (program.retry.crossSiteWrites) return resources;
  return [
    ...resources,
    { type: "cluster", name: write, body: httpWriteCluster(program) },
    {
      type: "endpoints",
      name: write,
      body: writeAssignment(write, program, { own: files.hopSocket, peers: files.peerHops }),
    },
    { type: "scopedRoute", name: hopScope(program.service), body: writeScope(program) },
  ];
}

function tcpCalling(program: ServiceProgram, files: GatewayFiles): XdsResource[] {
  if (program.listen === undefined) return [];
  const tiers = program.tiers.flatMap((tier): XdsResource[] => {
    const name = tierCluster(program.service, tier.site);
    return [
      { type: "cluster", name, body: tcpTierCluster(program, tier, files.healthEvents) },
      { type: "endpoints", name, body: loadAssignment(name, [tier], program) },
    ];
  });
  return [
    ...tiers,
    { type: "cluster", name: outCluster(program.service), body: tcpOutCluster(program) },
    { type: "listener", name: clientListener(program.service), body: clientListenerOf(program, program.listen) },
  ];
}
