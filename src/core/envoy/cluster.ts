import type { ClusterJson } from "../../gen/envoy/config/cluster/v3/cluster_pb.js";
import type { OutlierDetectionJson } from "../../gen/envoy/config/cluster/v3/outlier_detection_pb.js";
import { MAX_EJECTION_PERCENT } from "../failover/patience.ts";
import { tcpServerName } from "../../model/service-key.ts";
import type { ProgramTier, ServiceProgram } from "../../model/service-program.ts";
import { type HealthEventLog, httpCheck, localCheck, probeCheck } from "./health-check.ts";
import { HTTP_SERVER_NAME } from "../../model/server-names.ts";
import { inCluster, outCluster, SERVICE_HEADER, SERVICE_METADATA, tierCluster, writeCluster } from "./names.ts";
import { any, seconds } from "../../model/xds-resource.ts";
import { peerTls } from "./transport.ts";

/**
 * A try must not spend its time on a host that does not even accept; but it includes the TLS handshake with a peer,
 * and at the moment of a failover hundreds of them come at once.
 */
const CONNECT_TIMEOUT_MS = 1_000;

/** Envoy's largest limit: limits of its own would lose requests exactly when traffic moves. */
export const UNLIMITED = 4_294_967_295;

/**
 * Outlier detection that is quick about hosts that are broken and forgiving about faults that are everywhere:
 * a share of 60 % is not reached by 30 % errors in every site, plain 5xx are the application's own business,
 * and a passing check does not bring back a host that fails real requests.
 */
const OUTLIER_DETECTION: OutlierDetectionJson = {
  splitExternalLocalOriginErrors: true,
  successfulActiveHealthCheckUnejectHost: false,
  // Two would do for a dead host; on a busy machine two answers in a row are late now and then, and a peer has few gateways.
  consecutiveLocalOriginFailure: 5,
  enforcingConsecutiveLocalOriginFailure: 100,
  consecutiveGatewayFailure: 3,
  enforcingConsecutiveGatewayFailure: 100,
  enforcingConsecutive5xx: 0,
  interval: "1s",
  baseEjectionTime: "5s",
  maxEjectionTime: "10s",
  maxEjectionPercent: 100,
  failurePercentageThreshold: 60,
  enforcingFailurePercentage: 100,
  enforcingFailurePercentageLocalOrigin: 100,
  failurePercentageMinimumHosts: 1,
  failurePercentageRequestVolume: 20,
  enforcingSuccessRate: 0,
  enforcingLocalOriginSuccessRate: 0,
};

/**
 * Where peers' gateways are among the hosts, the last one stays: when traffic moves, a busy machine is late for a
 * moment with all of them, and whoever has no host left answers 503. Checks take them out if they are really gone.
 */
const OUTLIER_DETECTION_OF_PEERS: OutlierDetectionJson = {
  ...OUTLIER_DETECTION,
  maxEjectionPercent: MAX_EJECTION_PERCENT,
};

function edsCluster(name: string): ClusterJson {
  return {
    name,
    type: "EDS",
    edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: "V3" } },
    connectTimeout: seconds(CONNECT_TIMEOUT_MS),
    lbPolicy: "LEAST_REQUEST",
    commonLbConfig: {
      // All dead: rather try them than refuse. At 1 % no partial fault reaches it.
      healthyPanicThreshold: { value: 1 },
      // The default holds back the second of two changes for a second.
      updateMergeWindow: "0s",
    },
    ignoreHealthOnHostRemoval: true,
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: UNLIMITED,
          maxPendingRequests: UNLIMITED,
          maxRequests: UNLIMITED,
          // As many retries as there are requests, and enough for a burst that fails at once.
          retryBudget: { budgetPercent: { value: 100 }, minRetryConcurrency: 1_000 },
        },
      ],
    },
    outlierDetection: OUTLIER_DETECTION,
  };
}

const HTTP1 = {
  enableTrailers: true,
  headerKeyFormat: {
    statefulFormatter: {
      name: "preserve_case",
      typedConfig: any("envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig", {
        forwardReasonPhrase: true,
      }),
    },
  },
};

/** No keepalive: a pod that pauses must not lose its streams, and one that hangs fails its checks. */
const HTTP2 = { allowConnect: true };

type HttpOptions = Pick<ClusterJson, "typedExtensionProtocolOptions">;

function httpOptions(protocol: object): HttpOptions {
  return {
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        { ...protocol, commonHttpProtocolOptions: { maxHeadersCount: 1_000 } },
      ),
    },
  };
}

/**
 * Peers' gateways learn the service from a header, pods do not see it: it is set when Envoy has chosen the endpoint,
 * from that endpoint's metadata ({@link SERVICE_METADATA}), and taken away before a retry at a pod.
 */
const NAME_SERVICE_TO_PEERS = [
  { remove: SERVICE_HEADER },
  {
    append: {
      header: {
        key: SERVICE_HEADER,
        value: `%UPSTREAM_METADATA(${SERVICE_METADATA.namespace}:${SERVICE_METADATA.key})%`,
      },
      appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
    },
  },
];

/**
 * Whoever says that it has too much to do is not asked again, nor is another site, which would have as much to do then.
 * The header that forbids retries is the only one that Envoy knows for it; without the other one it is not set.
 */
const LEAVE_OVERLOAD_ALONE = [
  {
    append: {
      header: { key: "x-envoy-ratelimited", value: "%RESP(x-envoy-overloaded)%" },
      appendAction: "ADD_IF_ABSENT",
    },
  },
];

function upstreamFilters(mutations: object): Readonly<Record<"httpFilters", object[]>> {
  return {
    httpFilters: [
      {
        name: "envoy.filters.http.header_mutation",
        typedConfig: any("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", { mutations }),
      },
      {
        name: "envoy.filters.http.upstream_codec",
        typedConfig: any("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {}),
      },
    ],
  };
}

/** Callers of this site reach pods in the protocol they speak themselves. */
const AS_CALLER = httpOptions({
  ...upstreamFilters({ requestMutations: NAME_SERVICE_TO_PEERS, responseMutations: LEAVE_OVERLOAD_ALONE }),
  useDownstreamProtocolConfig: { httpProtocolOptions: HTTP1, http2ProtocolOptions: HTTP2 },
});

/** Between gateways everything is HTTP/2, so what the caller spoke is not known here: pods get what their `appProtocol` says. */
function podOptions(http2: boolean): HttpOptions {
  return httpOptions({
    ...upstreamFilters({ responseMutations: LEAVE_OVERLOAD_ALONE }),
    explicitHttpConfig: http2 ? { http2ProtocolOptions: HTTP2 } : { httpProtocolOptions: HTTP1 },
  });
}

/** The cluster of an HTTP service's callers: pods and peers' gateways together, since only then can a retry move from one to the other. */
export function httpOutCluster(program: ServiceProgram, log: HealthEventLog): ClusterJson {
  const { service, check } = program;
  return {
    ...edsCluster(outCluster(service)),
    ...AS_CALLER,
    outlierDetection: OUTLIER_DETECTION_OF_PEERS,
    healthChecks: [check.kind === "http" ? httpCheck(service, check, log) : probeCheck(service, check, log)],
  };
}

/** The cluster of writes. It has no checks: its own site is this gateway, and to a peer the callers' cluster knows the way. */
export function httpWriteCluster(program: ServiceProgram): ClusterJson {
  return {
    ...edsCluster(writeCluster(program.service)),
    ...AS_CALLER,
    outlierDetection: OUTLIER_DETECTION_OF_PEERS,
  };
}

/** The cluster of local endpoints: what peers send in goes here and nowhere else, so requests cannot loop. */
export function inClusterOf(program: ServiceProgram, log: HealthEventLog): ClusterJson {
  const check = { ...program.check, intervalMs: program.check.answerIntervalMs };
  return {
    ...edsCluster(inCluster(program.service)),
    ...(program.protocol === "http" ? podOptions(program.http2) : { closeConnectionsOnHostHealthFailure: true }),
    healthChecks: [localCheck(program.service, check, log)],
  };
}

/** The cluster of one tier of a TCP service. Each has its own kind of check, so they are joined by an aggregate. */
export function tcpTierCluster(program: ServiceProgram, tier: ProgramTier, log: HealthEventLog): ClusterJson {
  const { service, check } = program;
  const cluster = { ...edsCluster(tierCluster(service, tier.site)), closeConnectionsOnHostHealthFailure: true };
  if (tier.local) return { ...cluster, healthChecks: [localCheck(service, check, log)] };
  return {
    ...cluster,
    outlierDetection: OUTLIER_DETECTION_OF_PEERS,
    // The probe is an HTTP request, the traffic is not: they ask for different things by SNI.
    transportSocketMatches: [
      { name: "probe", match: { probe: "true" }, transportSocket: peerTls(tier.site, HTTP_SERVER_NAME) },
      { name: "traffic", match: {}, transportSocket: peerTls(tier.site, tcpServerName(service, tier.site)) },
    ],
    healthChecks: [{ ...probeCheck(service, check, log), transportSocketMatchCriteria: { probe: "true" } }],
  };
}

/** The cluster of a TCP service's callers: its tiers in order. */
export function tcpOutCluster(program: ServiceProgram): ClusterJson {
  return {
    name: outCluster(program.service),
    connectTimeout: seconds(CONNECT_TIMEOUT_MS),
    lbPolicy: "CLUSTER_PROVIDED",
    clusterType: {
      name: "envoy.clusters.aggregate",
      typedConfig: any("envoy.extensions.clusters.aggregate.v3.ClusterConfig", {
        clusters: program.tiers.map((tier) => tierCluster(program.service, tier.site)),
      }),
    },
  };
}
