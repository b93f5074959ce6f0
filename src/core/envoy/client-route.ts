import type { RouteConfigurationJson } from "../../gen/envoy/config/route/v3/route_pb.js";
import type {
  HeaderMatcherJson,
  RetryPolicyJson,
  RouteJson,
} from "../../gen/envoy/config/route/v3/route_components_pb.js";
import type { ServiceProgram } from "../../model/service-program.ts";
import { RESTORED_FORWARDED_PROTO } from "./http-connection.ts";
import {
  clientListener,
  FORWARDED_PROTO_HEADER,
  WRITE_HEADER,
  writeScope,
  outCluster,
  PROBE_HEADER,
  SERVICE_HEADER,
  UNPROCESSED_HEADER,
  writeCluster,
} from "./names.ts";
import { any, seconds } from "../../model/xds-resource.ts";

/** Conditions under which a request was certainly not processed, so that any method may be sent again. */
export const NEVER_PROCESSED = "connect-failure,refused-stream,reset-before-request,retriable-headers";

/**
 * Conditions that are failures of the way there or of the endpoint, safe to retry for requests that may be processed twice.
 * `unavailable` is what gRPC says for 503.
 */
export const MAYBE_PROCESSED = `${NEVER_PROCESSED},reset,gateway-error,unavailable`;

const UNPROCESSED: HeaderMatcherJson = { name: UNPROCESSED_HEADER, presentMatch: true };

/** Retry on another host, quickly. Order and count are the caller's. */
export function retryElsewhere(retryOn: string, attempts: number): RetryPolicyJson {
  return {
    retryOn,
    numRetries: attempts,
    retryBackOff: { baseInterval: "0.001s", maxInterval: "0.01s" },
    // Of two gateways one is picked again half of the time: five tries to find the other would fail once in thirty.
    hostSelectionRetryMaxAttempts: "20",
    retryHostPredicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        typedConfig: any("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
      },
    ],
    ...(retryOn.includes("retriable-headers") ? { retriableHeaders: [UNPROCESSED] } : {}),
  };
}

/**
 * Retry in the next site at once. A second try here would find a dead site dead again, and after a time-out it would cost
 * a second time-out; when all sites were tried, the next try may be anywhere.
 */
function retryAcrossSites(retryOn: string, attempts: number): RetryPolicyJson {
  return {
    ...retryElsewhere(retryOn, attempts),
    retryPriority: {
      name: "envoy.retry_priorities.previous_priorities",
      typedConfig: any("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
        updateFrequency: 1,
      }),
    },
  };
}

/**
 * Routes for clients of this site. Envoy knows no idempotency, so each class of method has a route of its own:
 * reads, requests with the idempotency header, PUT and DELETE, and the rest.
 */
export function clientRoute(program: ServiceProgram): RouteConfigurationJson {
  const { idempotencyHeader, crossSiteWrites } = program.retry;
  const writesAnywhere = route(program, {
    match: method("PUT|DELETE"),
    cluster: outCluster(program.service),
    retry: safeRetry(program),
  });
  const writesInSite = route(program, {
    match: method("PUT|DELETE"),
    cluster: writeCluster(program.service),
    // A site is one destination here; inside it `ownWritesScope` retries.
    retry: retryAcrossSites(NEVER_PROCESSED, program.retry.attempts),
  });
  return {
    name: clientListener(program.service),
    validateClusters: false,
    virtualHosts: [
      {
        name: "clients",
        domains: ["*"],
        routes: [
          route(program, {
            match: method("GET|HEAD|OPTIONS"),
            cluster: outCluster(program.service),
            retry: readRetry(program),
            hedge: program.retry.hedge,
          }),
          ...(idempotencyHeader === undefined
            ? []
            : [
                route(program, {
                  match: [{ name: idempotencyHeader, presentMatch: true }],
                  cluster: outCluster(program.service),
                  retry: safeRetry(program),
                }),
              ]),
          crossSiteWrites ? writesAnywhere : writesInSite,
          route(program, {
            match: [],
            cluster: outCluster(program.service),
            retry: retryAcrossSites(NEVER_PROCESSED, program.retry.attempts),
          }),
        ],
        // Envoy tells the endpoint who the client is; x-forwarded-for does already.
        requestHeadersToRemove: [PROBE_HEADER, UNPROCESSED_HEADER, FORWARDED_PROTO_HEADER, "x-envoy-external-address"],
        responseHeadersToRemove: [UNPROCESSED_HEADER],
      },
    ],
  };
}

function method(methods: string): HeaderMatcherJson[] {
  return [{ name: ":method", stringMatch: { safeRegex: { regex: methods } } }];
}

function safeRetry(program: ServiceProgram): RetryPolicyJson {
  return retryAcrossSites(MAYBE_PROCESSED, program.retry.attempts);
}

function readRetry(program: ServiceProgram): RetryPolicyJson {
  const { attempts, perTryTimeoutMs } = program.retry;
  return {
    ...retryAcrossSites(MAYBE_PROCESSED, attempts),
    ...(perTryTimeoutMs === 0 ? {} : { perTryTimeout: seconds(perTryTimeoutMs) }),
  };
}

interface RouteParts {
  readonly match: HeaderMatcherJson[];
  readonly cluster: string;
  readonly retry: RetryPolicyJson;
  readonly hedge?: boolean;
}

function route(program: ServiceProgram, parts: RouteParts): RouteJson {
  const hedged = parts.hedge === true && program.retry.perTryTimeoutMs > 0 && program.retry.attempts > 0;
  return {
    match: { prefix: "/", ...(parts.match.length === 0 ? {} : { headers: parts.match }) },
    route: {
      cluster: parts.cluster,
      timeout: seconds(program.timeoutMs),
      // Streams live as long as their ends want.
      idleTimeout: "0s",
      ...(program.retry.attempts === 0 ? {} : { retryPolicy: parts.retry }),
      ...(hedged ? { hedgePolicy: { hedgeOnPerTryTimeout: true } } : {}),
    },
    requestHeadersToRemove: [...RESTORED_FORWARDED_PROTO.requestHeadersToRemove, SERVICE_HEADER, WRITE_HEADER],
    requestHeadersToAdd: [
      ...(parts.cluster === writeCluster(program.service)
        ? [
            {
              header: { key: WRITE_HEADER, value: writeScope(program.service) },
              appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" as const,
            },
          ]
        : []),
      ...RESTORED_FORWARDED_PROTO.requestHeadersToAdd,
    ],
  };
}
