/**
 * The bootstrap of a gateway: where its agent is, and nothing that an agent could tell it.
 * @module
 */
import type { BootstrapJson } from "../../gen/envoy/config/bootstrap/v3/bootstrap_pb.js";
import { any } from "../../model/xds-resource.ts";

/** Paths and names of one gateway. */
export interface GatewayIdentity {
  readonly site: string;
  readonly gateway: string;
  /** Unix socket of the agent's ADS server. */
  readonly adsSocket: string;
  /** Unix socket of Envoy's admin interface. */
  readonly adminSocket: string;
  /** File for health and outlier events. */
  readonly eventLog: string;
  /** Most heap before requests are refused, in bytes. */
  readonly maxHeapBytes: number;
  /** Most connections from clients and peers together. */
  readonly maxConnections: number;
}

/** Statistics that Tandem reads. All others are switched off: at thousands of services they are most of Envoy's memory and idle work. */
const STATISTICS = [
  { prefix: "cluster_manager." },
  { prefix: "control_plane." },
  { prefix: "listener_manager." },
  { prefix: "server." },
  { prefix: "overload." },
  { prefix: "filesystem." },
  // The answer to peers' probes is computed from these three: switched off they would read 0.
  { suffix: ".membership_healthy" },
  { suffix: ".membership_degraded" },
  { suffix: ".membership_total" },
  { suffix: ".downstream_rq_active" },
  { suffix: ".downstream_cx_active" },
  { suffix: ".downstream_cx_total" },
  { suffix: ".downstream_rq_5xx" },
  { suffix: ".upstream_rq_active" },
  { suffix: ".upstream_rq_total" },
  { suffix: ".upstream_rq_5xx" },
  { suffix: ".upstream_rq_retry" },
  { suffix: ".upstream_rq_retry_success" },
  { suffix: ".rbac.denied" },
];

/** Writes the bootstrap. */
export function bootstrap(identity: GatewayIdentity): BootstrapJson {
  return {
    node: { id: identity.gateway, cluster: identity.site },
    admin: { address: { pipe: { path: identity.adminSocket, mode: 0o600 } } },
    dynamicResources: {
      adsConfig: {
        apiType: "DELTA_GRPC",
        transportApiVersion: "V3",
        setNodeOnFirstMessageOnly: true,
        grpcServices: [
          {
            envoyGrpc: {
              clusterName: "ads",
              // Without it the pause between attempts grows to 17 s after a long absence of the agent.
              retryPolicy: { retryBackOff: { baseInterval: "0.05s", maxInterval: "0.2s" } },
            },
          },
        ],
      },
      cdsConfig: { ads: {}, resourceApiVersion: "V3", initialFetchTimeout: "0s" },
      ldsConfig: { ads: {}, resourceApiVersion: "V3", initialFetchTimeout: "0s" },
    },
    staticResources: {
      clusters: [
        {
          name: "ads",
          type: "STATIC",
          connectTimeout: "1s",
          loadAssignment: {
            clusterName: "ads",
            endpoints: [{ lbEndpoints: [{ endpoint: { address: { pipe: { path: identity.adsSocket } } } }] }],
          },
          typedExtensionProtocolOptions: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any(
              "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              {
                explicitHttpConfig: {
                  http2ProtocolOptions: { connectionKeepalive: { interval: "10s", timeout: "5s" } },
                },
              },
            ),
          },
        },
      ],
    },
    clusterManager: { outlierDetection: { eventLogPath: identity.eventLog } },
    // Nobody is sent statistics, and looking through those of a thousand services holds Envoy's main thread up.
    statsFlushInterval: "240s",
    statsConfig: { statsMatcher: { inclusionList: { patterns: STATISTICS } } },
    overloadManager: {
      refreshInterval: "0.25s",
      resourceMonitors: [
        {
          name: "envoy.resource_monitors.fixed_heap",
          typedConfig: any("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
            maxHeapSizeBytes: String(identity.maxHeapBytes),
          }),
        },
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typedConfig: any("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig", {
            maxActiveDownstreamConnections: String(identity.maxConnections),
          }),
        },
      ],
      actions: [
        {
          name: "envoy.overload_actions.shrink_heap",
          triggers: [{ name: "envoy.resource_monitors.fixed_heap", threshold: { value: 0.9 } }],
        },
        {
          name: "envoy.overload_actions.stop_accepting_requests",
          triggers: [{ name: "envoy.resource_monitors.fixed_heap", threshold: { value: 0.98 } }],
        },
      ],
    },
  };
}
