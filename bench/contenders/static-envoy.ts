/**
 * Envoy written by hand for exactly this service: active checks, outlier detection, retries across sites, hedging.
 * It is what Tandem's own configuration must not be slower than; it knows no agents and no change of its endpoints.
 * @module
 */
import type { LoadTarget } from "../../src/apps/lab/load/options.ts";
import { ports, serviceHost, type SiteName } from "../rig/topology.ts";
import type { Contender, ContenderSetup, RunningContender } from "./contender.ts";
import { loadAssignment } from "./envoy/endpoint-file.ts";
import { startEnvoy } from "./envoy/gateway-process.ts";
import { writeIdentities } from "./envoy/identity.ts";
import { httpListener } from "./envoy/listener.ts";
import { avoidPreviousHosts, type EnvoyResource, extension, noLimits } from "./envoy/resource.ts";
import { downstreamTls, type IdentityFiles, transportByEndpoint } from "./envoy/transport.ts";

const cluster = "web";

/** Checks every 100 ms, gateway errors eject a host at once, a hedged attempt after 250 ms. HTTP only. */
export const staticEnvoy: Contender = {
  name: "static-envoy",
  description:
    "Envoy written by hand for this one service: checks every 100 ms, retries in both sites, hedging at 250 ms.",
  supports: (protocol) => protocol === "http",
  start: startStaticEnvoy,
};

async function startStaticEnvoy({ topology, directory, processes }: ContenderSetup): Promise<RunningContender> {
  const identities = await writeIdentities(directory);
  const start = (site: SiteName, address: string) => {
    const port = site === "west" ? ports.gatewayHttp : ports.peer;
    const tls = site === "west" ? null : downstreamTls(identities.east, ["h2", "http/1.1"]);
    const place = { address, port, tls };
    const listener =
      site === "west" ? httpListener(place, callingRoutes) : httpListener(place, [receivingRoute], [peerCheck]);
    const assignment = loadAssignment(
      {
        cluster,
        policy: { overprovisioning_factor: 100_000 },
        local: topology[site].backends.map((backend) => ({ address: backend.address, port: ports.backendHttp })),
        peers: site === "west" ? topology.east.gateways.map((peer) => ({ address: peer, port: ports.peer })) : [],
      },
      serviceHost,
    );
    const bootstrap = {
      name: `${site}-${address}`,
      listeners: [listener],
      clusters: [serviceCluster(assignment, identities[site])],
    };
    return startEnvoy(bootstrap, { host: address, port }, directory, processes);
  };
  // The peer first: its checks must have passed before a local gateway asks for the first time.
  const peerGateways = await Promise.all(topology.east.gateways.map((address) => start("east", address)));
  const localGateways = await Promise.all(topology.west.gateways.map((address) => start("west", address)));
  const targetsOf = (addresses: readonly string[]): LoadTarget[] =>
    addresses.map((address) => ({ address: `${address}:${ports.gatewayHttp}`, ready: null }));
  return {
    targets: targetsOf(topology.west.gateways),
    localGateways,
    peerGateways,
    localAgents: [],
    peerAgents: [],
    // Clients learn of a gateway that left; a configuration written by hand learns nothing.
    publishEndpoints: async ({ west }) => targetsOf(west.gateways),
  };
}

const retryAcrossSites: EnvoyResource = {
  num_retries: 3,
  retry_back_off: { base_interval: "0.001s", max_interval: "0.01s" },
  ...avoidPreviousHosts,
  retry_priority: extension(
    "envoy.retry_priorities.previous_priorities",
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    { update_frequency: 2 },
  ),
};

const idempotent = { name: ":method", string_match: { safe_regex: { regex: "GET|HEAD|OPTIONS" } } };

const callingRoutes: readonly EnvoyResource[] = [
  {
    match: { prefix: "/", headers: [idempotent] },
    route: {
      cluster,
      timeout: "15s",
      retry_policy: {
        retry_on: "connect-failure,refused-stream,reset,gateway-error,unavailable",
        per_try_timeout: "0.25s",
        ...retryAcrossSites,
      },
      hedge_policy: { hedge_on_per_try_timeout: true },
    },
  },
  {
    match: { prefix: "/" },
    route: {
      cluster,
      timeout: "15s",
      retry_policy: { retry_on: "connect-failure,refused-stream,reset-before-request", ...retryAcrossSites },
    },
  },
];

const receivingRoute: EnvoyResource = {
  match: { prefix: "/" },
  route: {
    cluster,
    timeout: "0s",
    retry_policy: {
      retry_on: "connect-failure,refused-stream,reset-before-request",
      num_retries: 2,
      retry_back_off: { base_interval: "0.001s", max_interval: "0.01s" },
      ...avoidPreviousHosts,
    },
  },
};

/** Peers ask whether the service has a healthy endpoint here, rather than whether this gateway lives. */
const peerCheck = extension(
  "envoy.filters.http.health_check",
  "envoy.extensions.filters.http.health_check.v3.HealthCheck",
  {
    pass_through_mode: false,
    cluster_min_healthy_percentages: { [cluster]: { value: 1 } },
    headers: [
      { name: ":path", string_match: { exact: "/healthz" } },
      { name: ":authority", string_match: { exact: serviceHost } },
    ],
  },
);

function serviceCluster(assignment: EnvoyResource, files: IdentityFiles): EnvoyResource {
  const protocol = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    name: cluster,
    type: "STATIC",
    load_assignment: assignment,
    ...transportByEndpoint(files, cluster),
    typed_extension_protocol_options: {
      [protocol]: {
        "@type": `type.googleapis.com/${protocol}`,
        use_downstream_protocol_config: {
          http_protocol_options: {},
          http2_protocol_options: { connection_keepalive: { interval: "0.5s", timeout: "0.2s" } },
        },
      },
    },
    circuit_breakers: noLimits,
    connect_timeout: "0.25s",
    common_lb_config: { healthy_panic_threshold: { value: 1 }, update_merge_window: "0s" },
    ignore_health_on_host_removal: true,
    lb_policy: "LEAST_REQUEST",
    health_checks: [
      {
        timeout: "0.1s",
        interval: "0.1s",
        no_traffic_interval: "0.5s",
        no_traffic_healthy_interval: "0.5s",
        interval_jitter_percent: 10,
        unhealthy_threshold: 2,
        healthy_threshold: 2,
        http_health_check: { path: "/healthz", host: serviceHost },
        initial_jitter: "0.01s",
        // A TLS port that also offers h2 would otherwise be asked in the wrong protocol.
        tls_options: { alpn_protocols: ["http/1.1"] },
      },
    ],
    outlier_detection: outlierDetection,
  };
}

const outlierDetection: EnvoyResource = {
  split_external_local_origin_errors: true,
  successful_active_health_check_uneject_host: false,
  consecutive_local_origin_failure: 2,
  enforcing_consecutive_local_origin_failure: 100,
  consecutive_gateway_failure: 3,
  enforcing_consecutive_gateway_failure: 100,
  enforcing_consecutive_5xx: 0,
  interval: "1s",
  base_ejection_time: "5s",
  max_ejection_time: "10s",
  max_ejection_percent: 100,
  failure_percentage_threshold: 60,
  enforcing_failure_percentage: 100,
  enforcing_failure_percentage_local_origin: 100,
  failure_percentage_minimum_hosts: 1,
  failure_percentage_request_volume: 20,
  enforcing_success_rate: 0,
  enforcing_local_origin_success_rate: 0,
};
