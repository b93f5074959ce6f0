import type { ScopedRouteConfigurationJson } from "../../gen/envoy/config/route/v3/scoped_route_pb.js";
import type {
  RetryPolicyJson,
  RouteJson,
  VirtualHostJson,
} from "../../gen/envoy/config/route/v3/route_components_pb.js";
import type { PrincipalJson } from "../../gen/envoy/config/rbac/v3/rbac_pb.js";
import type { ServiceProgram } from "../../model/service-program.ts";
import { MAYBE_PROCESSED, NEVER_PROCESSED, retryElsewhere } from "./client-route.ts";
import { RESTORED_FORWARDED_PROTO } from "./http-connection.ts";
import {
  FORWARDED_PROTO_HEADER,
  WRITE_HEADER,
  writeScope,
  inCluster,
  inScope,
  PROBE_HEADER,
  SERVICE_HEADER,
} from "./names.ts";
import { gatewayIdentity } from "../../model/identity.ts";
import { any } from "../../model/xds-resource.ts";

/** Names of the filters that routes configure; the same in every connection manager for gateways. */
export const RBAC_FILTER = "tandem.rbac";
/** The filter that answers probes. */
export const PROBE_FILTER = "tandem.probe";

/** Retries of never processed requests by a gateway that serves a peer; everything else is the caller's to decide. */
const SERVING_RETRIES = 2;

/**
 * What peers may ask of a service: their probes, answered from this gateway's own view of its local endpoints, and for HTTP their requests.
 * One scope a service, chosen by the reserved header, so that a service can come and go without touching another's routes.
 */
export function peerScope(program: ServiceProgram): ScopedRouteConfigurationJson {
  const rbac = allow(
    program.callers.map((site) => ({ authenticated: { principalName: { exact: gatewayIdentity(site) } } })),
  );
  const probe: RouteJson = {
    match: { prefix: "/", headers: [{ name: PROBE_HEADER, presentMatch: true }] },
    // The filter answers before the router; this is for the case that it is missing.
    directResponse: { status: 503 },
    typedPerFilterConfig: { [RBAC_FILTER]: rbac, [PROBE_FILTER]: answerProbe(inCluster(program.service)) },
  };
  const retry = retryElsewhere(NEVER_PROCESSED, SERVING_RETRIES);
  const routes = program.protocol === "http" ? [probe, serve(program, retry, { [RBAC_FILTER]: rbac })] : [probe];
  return scope(inScope(program.service), program.service, routes);
}

/** Writes of this gateway to its own site: they may be tried again here even if they were processed, but never leave the site. */
export function ownWritesScope(program: ServiceProgram): ScopedRouteConfigurationJson {
  const own = allow([{ notId: { authenticated: {} } }]);
  const { attempts } = program.retry;
  const retry = attempts === 0 ? undefined : retryElsewhere(MAYBE_PROCESSED, attempts);
  return scope(writeScope(program.service), writeScope(program.service), [
    serve(program, retry, { [RBAC_FILTER]: own }),
  ]);
}

function serve(
  program: ServiceProgram,
  retryPolicy: RetryPolicyJson | undefined,
  typedPerFilterConfig: NonNullable<RouteJson["typedPerFilterConfig"]>,
): RouteJson {
  return {
    match: { prefix: "/" },
    route: {
      cluster: inCluster(program.service),
      timeout: "0s",
      idleTimeout: "0s",
      ...(retryPolicy === undefined ? {} : { retryPolicy }),
    },
    requestHeadersToRemove: [...RESTORED_FORWARDED_PROTO.requestHeadersToRemove],
    requestHeadersToAdd: [...RESTORED_FORWARDED_PROTO.requestHeadersToAdd],
    typedPerFilterConfig,
  };
}

function scope(name: string, key: string, routes: RouteJson[]): ScopedRouteConfigurationJson {
  const host: VirtualHostJson = {
    name: "service",
    domains: ["*"],
    routes,
    requestHeadersToRemove: [SERVICE_HEADER, PROBE_HEADER, WRITE_HEADER, FORWARDED_PROTO_HEADER],
  };
  return {
    name,
    key: { fragments: [{ stringKey: key }] },
    routeConfiguration: { name, validateClusters: false, virtualHosts: [host] },
  };
}

/** An RBAC rule for one route. No principal at all means that nobody is allowed. */
function allow(principals: PrincipalJson[]): ReturnType<typeof any> {
  const policies = principals.length === 0 ? {} : { callers: { permissions: [{ any: true }], principals } };
  return any("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", { rbac: { rules: { action: "ALLOW", policies } } });
}

function answerProbe(cluster: string): ReturnType<typeof any> {
  const healthCheck = any("envoy.extensions.filters.http.health_check.v3.HealthCheck", {
    passThroughMode: false,
    clusterMinHealthyPercentages: { [cluster]: { value: 1 } },
  });
  return any("envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute", {
    xdsMatcher: {
      onNoMatch: {
        action: {
          name: "answer",
          typedConfig: any("envoy.extensions.filters.http.composite.v3.ExecuteFilterAction", {
            typedConfig: { name: "envoy.filters.http.health_check", typedConfig: healthCheck },
          }),
        },
      },
    },
  });
}
