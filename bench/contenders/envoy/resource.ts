/** Envoy configuration as JSON: Envoy itself checks it when it starts. */
export type EnvoyResource = { readonly [field: string]: unknown };

/** An extension of Envoy: `type` is what follows `type.googleapis.com/`. */
export function extension(name: string, type: string, fields: EnvoyResource = {}): EnvoyResource {
  return { name, typed_config: { "@type": `type.googleapis.com/${type}`, ...fields } };
}

/** An address and a port. */
export function socketAddress(address: string, port: number): EnvoyResource {
  return { socket_address: { address, port_value: port } };
}

/** Circuit breakers that never trip: limits are not what is compared. */
export const noLimits: EnvoyResource = {
  thresholds: [
    {
      max_connections: 4_294_967_295,
      max_pending_requests: 4_294_967_295,
      max_requests: 4_294_967_295,
      max_retries: 4_294_967_295,
    },
  ],
};

/** A retry goes to a host that was not tried yet, if there is one. */
export const avoidPreviousHosts: EnvoyResource = {
  host_selection_retry_max_attempts: 5,
  retry_host_predicate: [
    extension(
      "envoy.retry_host_predicates.previous_hosts",
      "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    ),
  ],
};
