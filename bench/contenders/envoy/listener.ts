import { type EnvoyResource, extension, socketAddress } from "./resource.ts";

/** Where a listener listens, and its transport; null: plain text. */
export interface ListenerPlace {
  readonly address: string;
  readonly port: number;
  readonly tls: EnvoyResource | null;
}

/** An HTTP listener with these routes, no access log and no request ids: nothing that costs without being compared. */
export function httpListener(
  place: ListenerPlace,
  routes: readonly EnvoyResource[],
  filters: readonly EnvoyResource[] = [],
): EnvoyResource {
  const manager = extension(
    "envoy.filters.network.http_connection_manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "http",
      generate_request_id: false,
      route_config: { name: "http", virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
      http_filters: [
        ...filters,
        extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
      ],
    },
  );
  return listener(place, manager);
}

/** A TCP listener that passes every connection to one cluster; `fields` are further ones of the TCP proxy. */
export function tcpListener(place: ListenerPlace, cluster: string, fields: EnvoyResource): EnvoyResource {
  const proxy = extension("envoy.filters.network.tcp_proxy", "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: "tcp",
    cluster,
    ...fields,
  });
  return listener(place, proxy);
}

/** A TCP listener that says one thing to whoever connects. */
export function greetingListener(place: ListenerPlace, greeting: string): EnvoyResource {
  const type = "envoy.extensions.filters.network.direct_response.v3.Config";
  const fields = { response: { inline_string: greeting } };
  return listener(place, extension("envoy.filters.network.direct_response", type, fields));
}

function listener({ address, port, tls }: ListenerPlace, filter: EnvoyResource): EnvoyResource {
  const chain = { ...(tls === null ? {} : { transport_socket: tls }), filters: [filter] };
  // The kernel's default queue overflows when a thousand slow requests need connections of their own at once.
  return {
    name: `${address}:${port}`,
    address: socketAddress(address, port),
    tcp_backlog_size: 4096,
    filter_chains: [chain],
  };
}
