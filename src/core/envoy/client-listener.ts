import type { FilterJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
import type { ListenerJson } from "../../gen/envoy/config/listener/v3/listener_pb.js";
import { splitServicePortKey } from "../../model/service-key.ts";
import type { ServiceProgram } from "../../model/service-program.ts";
import {
  http10Without,
  httpConnectionManager,
  KEEP_FORWARDED_PROTO,
  ONE_REQUEST_A_CONNECTION,
  ROUTER,
} from "./http-connection.ts";
import { listenAt } from "./listen-at.ts";
import { clientListener, outCluster } from "./names.ts";
import { any } from "../../model/xds-resource.ts";

/** What one connection may have waiting in each direction, in bytes; also the longest body that can be sent again in a retry. */
const BUFFER_BYTES = 1_048_576;

/** The listener for clients of this site, in clear text on the gateway's own address. */
export function clientListenerOf(program: ServiceProgram, listen: NonNullable<ServiceProgram["listen"]>): ListenerJson {
  return {
    name: clientListener(program.service),
    // What draining closes; hops inside this gateway are not.
    trafficDirection: "INBOUND",
    ...listenAt(listen),
    perConnectionBufferLimitBytes: BUFFER_BYTES,
    filterChains: [
      {
        filters: [
          program.protocol === "http"
            ? httpFilter(program)
            : tcpProxy(clientListener(program.service), outCluster(program.service)),
        ],
      },
    ],
  };
}

function httpFilter(program: ServiceProgram): FilterJson {
  const { name, namespace } = splitServicePortKey(program.service);
  return httpConnectionManager(clientListener(program.service), {
    rds: { routeConfigName: clientListener(program.service), configSource: { ads: {}, resourceApiVersion: "V3" } },
    // Appends the client to x-forwarded-for.
    useRemoteAddress: true,
    // A listener that changes also says good-bye to the connections that it has.
    ...(program.leaving === true ? ONE_REQUEST_A_CONNECTION : {}),
    ...KEEP_FORWARDED_PROTO,
    ...http10Without(`${name}.${namespace}`),
    httpFilters: [ROUTER],
  });
}

/**
 * A TCP proxy that looks for another host when one does not accept. Half-closed connections stay so; nothing ends an idle one.
 * @param statPrefix name in statistics
 */
export function tcpProxy(statPrefix: string, cluster: string): FilterJson {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typedConfig: any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
      statPrefix,
      cluster,
      idleTimeout: "0s",
      maxConnectAttempts: 6,
      backoffOptions: { baseInterval: "0.005s", maxInterval: "0.025s" },
    }),
  };
}
