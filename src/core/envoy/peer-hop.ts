/**
 * The way from this gateway to one gateway of a peer, shared by all HTTP services: requests come in on a socket of this
 * gateway and go on as streams of one HTTP/2 connection over mTLS, which the services' checks keep open. At the moment of
 * a failover no handshake stands between a request and the other site.
 * @module
 */
import type { ClusterJson } from "../../gen/envoy/config/cluster/v3/cluster_pb.js";
import type { VirtualHostJson } from "../../gen/envoy/config/route/v3/route_components_pb.js";
import type { ListenerJson } from "../../gen/envoy/config/listener/v3/listener_pb.js";
import { peerHopSocket } from "../../model/peer-hop.ts";
import { any } from "../../model/xds-resource.ts";
import {
  FROM_GATEWAYS,
  httpConnectionManager,
  KEEP_FORWARDED_PROTO,
  markUnprocessed,
  RESTORED_FORWARDED_PROTO,
  ROUTER,
} from "./http-connection.ts";
import { HTTP_SERVER_NAME } from "../../model/server-names.ts";
import { FORWARDED_PROTO_HEADER } from "./names.ts";
import { UNLIMITED } from "./cluster.ts";
import { peerTls } from "./transport.ts";

/** One gateway of a peer. */
export interface PeerGatewayPlace {
  readonly site: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Name of the cluster and the listener of a gateway. */
export function peerGatewayCluster(gateway: PeerGatewayPlace): string {
  return `gateway/${gateway.site}/${gateway.name}`;
}

/** The connection to the gateway. A dead one is noticed by its silence in a second, whatever TCP says. */
export function peerHopCluster(gateway: PeerGatewayPlace): ClusterJson {
  const name = peerGatewayCluster(gateway);
  const address = { socketAddress: { address: gateway.address, portValue: gateway.port } };
  return {
    name,
    type: "STATIC",
    connectTimeout: "1s",
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
    transportSocket: peerTls(gateway.site, HTTP_SERVER_NAME),
    circuitBreakers: {
      thresholds: [{ maxConnections: UNLIMITED, maxPendingRequests: UNLIMITED, maxRequests: UNLIMITED }],
    },
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        {
          explicitHttpConfig: {
            http2ProtocolOptions: { allowConnect: true, connectionKeepalive: { interval: "0.5s", timeout: "0.5s" } },
          },
          commonHttpProtocolOptions: { maxHeadersCount: 1_000 },
        },
      ),
    },
  };
}

/** The socket that leads there. It retries nothing: the route that uses it knows what may be tried again. */
export function peerHopListener(gateway: PeerGatewayPlace, directory: string): ListenerJson {
  const name = peerGatewayCluster(gateway);
  const host: VirtualHostJson = {
    name: "gateway",
    domains: ["*"],
    routes: [
      {
        match: { prefix: "/" },
        route: { cluster: name, timeout: "0s", idleTimeout: "0s" },
        requestHeadersToRemove: [...RESTORED_FORWARDED_PROTO.requestHeadersToRemove],
        requestHeadersToAdd: [...RESTORED_FORWARDED_PROTO.requestHeadersToAdd],
      },
    ],
    requestHeadersToRemove: [FORWARDED_PROTO_HEADER],
  };
  return {
    name,
    address: { pipe: { path: peerHopSocket(directory, gateway), mode: 0o600 } },
    perConnectionBufferLimitBytes: 1_048_576,
    // Not a client's connection but a part of one's.
    ignoreGlobalConnLimit: true,
    filterChains: [
      {
        filters: [
          httpConnectionManager("peer-hop", {
            ...FROM_GATEWAYS,
            ...KEEP_FORWARDED_PROTO,
            routeConfig: { name, virtualHosts: [host] },
            httpFilters: [ROUTER],
            localReplyConfig: { mappers: [markUnprocessed()] },
          }),
        ],
      },
    ],
  };
}
