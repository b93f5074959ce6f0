/**
 * What a gateway has whatever its services are: the way in for other sites, the way of its own writes, its readiness.
 * @module
 */
import type { ClusterJson } from "../../gen/envoy/config/cluster/v3/cluster_pb.js";
import type { FilterChainJson, FilterJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
import type { ListenerJson } from "../../gen/envoy/config/listener/v3/listener_pb.js";
import type { CommonTlsContextJson } from "../../gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import type { HttpFilterJson } from "../../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import {
  FROM_GATEWAYS,
  httpConnectionManager,
  KEEP_FORWARDED_PROTO,
  markUnprocessed,
  ROUTER,
} from "./http-connection.ts";
import type { PeerGatewayPlace } from "./peer-hop.ts";
import { CATALOG_SERVER_NAME, HTTP_SERVER_NAME, JOIN_SERVER_NAME } from "../../model/server-names.ts";
import {
  AGENT_CLUSTER,
  WRITE_HEADER,
  WRITE_LISTENER,
  LEAF_SECRET,
  MEMBERS_SECRET,
  PEERS_LISTENER,
  READY_LISTENER,
  SERVICE_HEADER,
} from "./names.ts";
import { gatewayIdentity } from "../../model/identity.ts";
import { any } from "../../model/xds-resource.ts";
import { listenAt } from "./listen-at.ts";
import { PROBE_FILTER, RBAC_FILTER } from "./scoped-route.ts";
import { sdsSecret } from "./transport.ts";

/** Header by which the gateway tells its agent which identity asks; overwritten, so a peer cannot claim another. */
export const PEER_IDENTITY_HEADER = "tandem-peer-identity";

/** What the way in looks like on one gateway. */
export interface GatewayBase {
  readonly site: string;
  /** Address and port for other sites. */
  readonly peers: { readonly address: string; readonly port: number };
  /** Address and port of the readiness answer. */
  readonly ready: { readonly address: string; readonly port: number };
  /** Besides that address: one of the other IP family. */
  readonly otherAddresses?: readonly string[];
  /** Unix sockets: of the agent's interface for other agents, and of this gateway's writes. */
  readonly agentSocket: string;
  readonly writeSocket: string;
  /** Directory of the sockets to the gateways of peers, and those gateways. */
  readonly peerHops: string;
  readonly peerGateways: readonly PeerGatewayPlace[];
  /** Sites that may exchange catalogs, this one included. */
  readonly members: readonly string[];
  /** A token is live: the place without a client certificate is open. */
  readonly joinOpen: boolean;
  /** Chains of the TCP services, in order of their names. */
  readonly tcpChains: readonly FilterChainJson[];
}

/** Most new connections a second while a token is live; a person redeems one token once. */
const JOIN_CONNECTIONS = { maxTokens: 10, tokensPerFill: 2, fillInterval: "1s" };

/** Largest body that the exchange between agents and the redemption of tokens take, in bytes. */
const AGENT_BODY_BYTES = 1_048_576;

/** mTLS on the side of the one who is called: a client certificate of any member; which service it may call is decided by its identity. */
function memberTls(
  alpn: readonly string[],
  requireClientCertificate = true,
): NonNullable<FilterChainJson["transportSocket"]> {
  return servingTls({
    ...(requireClientCertificate ? { validationContextSdsSecretConfig: sdsSecret(MEMBERS_SECRET) } : {}),
    alpn,
    requireClientCertificate,
  });
}

/**
 * mTLS for the gateways of some sites only. A TCP service may speak first, and Envoy's RBAC filter waits for the caller's first byte:
 * who may call must be decided by the handshake.
 */
export function callerTls(sites: readonly string[]): NonNullable<FilterChainJson["transportSocket"]> {
  return servingTls({
    combinedValidationContext: {
      defaultValidationContext: {
        matchTypedSubjectAltNames: sites.map((site) => ({ sanType: "URI", matcher: { exact: gatewayIdentity(site) } })),
      },
      validationContextSdsSecretConfig: sdsSecret(MEMBERS_SECRET),
    },
    alpn: [],
    requireClientCertificate: true,
  });
}

function servingTls({
  alpn,
  requireClientCertificate,
  ...validation
}: Pick<CommonTlsContextJson, "validationContextSdsSecretConfig" | "combinedValidationContext"> & {
  readonly alpn: readonly string[];
  readonly requireClientCertificate: boolean;
}): NonNullable<FilterChainJson["transportSocket"]> {
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: "TLSv1_3", tlsMaximumProtocolVersion: "TLSv1_3" },
        tlsCertificateSdsSecretConfigs: [sdsSecret(LEAF_SECRET)],
        ...validation,
        alpnProtocols: [...alpn],
      },
      requireClientCertificate,
    }),
  };
}

/** The listener for other sites: HTTP services, one chain per TCP service, the catalog, and, while a token is live, the join. */
export function peersListener(base: GatewayBase): ListenerJson {
  return {
    name: PEERS_LISTENER,
    trafficDirection: "INBOUND",
    ...listenAt({ ...base.peers, otherAddresses: base.otherAddresses }),
    perConnectionBufferLimitBytes: AGENT_BODY_BYTES,
    listenerFilters: [
      {
        name: "envoy.filters.listener.tls_inspector",
        typedConfig: any("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {
          initialReadBufferSize: 2_048,
        }),
      },
    ],
    listenerFiltersTimeout: "5s",
    filterChains: [
      {
        name: "http",
        filterChainMatch: { serverNames: [HTTP_SERVER_NAME] },
        transportSocket: memberTls(["h2", "http/1.1"]),
        transportSocketConnectTimeout: "5s",
        filters: [serviceConnections("peers", SERVICE_HEADER)],
      },
      {
        name: "catalog",
        filterChainMatch: { serverNames: [CATALOG_SERVER_NAME] },
        transportSocket: memberTls(["http/1.1"]),
        transportSocketConnectTimeout: "5s",
        filters: [networkRbac(base.members), toAgent("catalog", "/v1/")],
      },
      ...(base.joinOpen ? [joinChain()] : []),
      ...base.tcpChains,
    ],
  };
}

function joinChain(): FilterChainJson {
  return {
    name: "join",
    filterChainMatch: { serverNames: [JOIN_SERVER_NAME] },
    transportSocket: memberTls(["http/1.1"], false),
    transportSocketConnectTimeout: "5s",
    filters: [
      {
        name: "envoy.filters.network.local_ratelimit",
        typedConfig: any("envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit", {
          statPrefix: "join",
          tokenBucket: JOIN_CONNECTIONS,
        }),
      },
      toAgent("join", "/join/"),
    ],
  };
}

/** Refuses a connection whose certificate is not that of one of the sites' gateways, before anything else looks at it. */
export function networkRbac(sites: readonly string[]): FilterJson {
  const principals = sites.map((site) => ({ authenticated: { principalName: { exact: gatewayIdentity(site) } } }));
  return {
    name: "envoy.filters.network.rbac",
    typedConfig: any("envoy.extensions.filters.network.rbac.v3.RBAC", {
      statPrefix: "tandem.",
      rules: {
        action: "ALLOW",
        policies: principals.length === 0 ? {} : { members: { permissions: [{ any: true }], principals } },
      },
    }),
  };
}

/** Passes requests below `prefix` to the agent, saying who asks. */
function toAgent(statPrefix: string, prefix: string): FilterJson {
  return httpConnectionManager(statPrefix, {
    routeConfig: {
      name: statPrefix,
      virtualHosts: [
        {
          name: "agent",
          domains: ["*"],
          routes: [
            {
              match: { prefix },
              route: { cluster: AGENT_CLUSTER, timeout: "0s", idleTimeout: "0s" },
              requestHeadersToAdd: [
                {
                  header: { key: PEER_IDENTITY_HEADER, value: "%DOWNSTREAM_PEER_URI_SAN%" },
                  appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
                  keepEmptyValue: true,
                },
              ],
            },
          ],
        },
      ],
    },
    httpFilters: [ROUTER],
  });
}

/** Requests that name their service in `header`: authorised first, then probes answered, then served. */
function serviceConnections(statPrefix: string, header: string): FilterJson {
  return httpConnectionManager(statPrefix, {
    ...FROM_GATEWAYS,
    ...KEEP_FORWARDED_PROTO,
    scopedRoutes: {
      name: "services",
      scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: header, index: 0, elementSeparator: "" } }] },
      rdsConfigSource: { ads: {}, resourceApiVersion: "V3" },
      scopedRds: { scopedRdsConfigSource: { ads: {}, resourceApiVersion: "V3" } },
    },
    httpFilters: [denyUnlessRouteAllows(), probeFilter(), ROUTER],
    localReplyConfig: { mappers: [markUnprocessed()] },
  });
}

/** Rules without a policy allow nobody; a service's route replaces them by its own. */
function denyUnlessRouteAllows(): HttpFilterJson {
  return {
    name: RBAC_FILTER,
    typedConfig: any("envoy.extensions.filters.http.rbac.v3.RBAC", { rules: { action: "ALLOW" } }),
  };
}

/** Holds nothing itself: a service's probe route puts the answering filter in. */
function probeFilter(): HttpFilterJson {
  return {
    name: PROBE_FILTER,
    typedConfig: any("envoy.extensions.common.matching.v3.ExtensionWithMatcher", {
      xdsMatcher: {
        onNoMatch: {
          action: {
            name: "skip",
            typedConfig: any("envoy.extensions.filters.common.matcher.action.v3.SkipFilter", {}),
          },
        },
      },
      extensionConfig: {
        name: "envoy.filters.http.composite",
        typedConfig: any("envoy.extensions.filters.http.composite.v3.Composite", {}),
      },
    }),
  };
}

/** The listener of writes to the own site, on a socket that only this gateway reaches. */
export function writeListener(base: GatewayBase): ListenerJson {
  return {
    name: WRITE_LISTENER,
    address: { pipe: { path: base.writeSocket, mode: 0o600 } },
    perConnectionBufferLimitBytes: AGENT_BODY_BYTES,
    // Not a client's connection but a part of one's.
    ignoreGlobalConnLimit: true,
    filterChains: [{ filters: [serviceConnections(WRITE_LISTENER, WRITE_HEADER)] }],
  };
}

/** Says 200 when this gateway is configured and not draining. Comes last, so a gateway without configuration is not ready. */
export function readyListener(base: GatewayBase): ListenerJson {
  return {
    name: READY_LISTENER,
    trafficDirection: "INBOUND",
    // A gateway that has no connections to give is ready all the same.
    ignoreGlobalConnLimit: true,
    ...listenAt({ ...base.ready, otherAddresses: base.otherAddresses }),
    filterChains: [
      {
        filters: [
          httpConnectionManager(READY_LISTENER, {
            routeConfig: {
              name: READY_LISTENER,
              virtualHosts: [
                { name: "none", domains: ["*"], routes: [{ match: { prefix: "/" }, directResponse: { status: 404 } }] },
              ],
            },
            httpFilters: [
              {
                name: "envoy.filters.http.health_check",
                typedConfig: any("envoy.extensions.filters.http.health_check.v3.HealthCheck", {
                  passThroughMode: false,
                  headers: [{ name: ":path", stringMatch: { exact: "/ready" } }],
                }),
              },
              ROUTER,
            ],
          }),
        ],
      },
    ],
  };
}

/** The agent's interface for other agents. */
export function agentCluster(base: GatewayBase): ClusterJson {
  return {
    name: AGENT_CLUSTER,
    type: "STATIC",
    connectTimeout: "1s",
    loadAssignment: {
      clusterName: AGENT_CLUSTER,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { pipe: { path: base.agentSocket } } } }] }],
    },
  };
}
