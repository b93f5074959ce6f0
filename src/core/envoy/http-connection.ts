import type { FilterJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
import type { HttpConnectionManagerJson } from "../../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import type { RouteJson } from "../../gen/envoy/config/route/v3/route_components_pb.js";
import { FORWARDED_PROTO_HEADER, UNPROCESSED_HEADER } from "./names.ts";
import { any } from "../../model/xds-resource.ts";

const HTTP1: NonNullable<HttpConnectionManagerJson["httpProtocolOptions"]> = {
  acceptHttp10: true,
  enableTrailers: true,
  headerKeyFormat: {
    statefulFormatter: {
      name: "preserve_case",
      typedConfig: any("envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig", {}),
    },
  },
};

/** @param host for what a client of HTTP/1.0 leaves out and HTTP/1.1 must have */
export function http10Without(host: string): HttpConnectionManagerJson {
  return { httpProtocolOptions: { ...HTTP1, defaultHostForHttp10: host } };
}

/** Limits of one connection to a client. */
const CLIENT_LIMITS = {
  idleTimeout: "0s",
  maxHeadersCount: 1_000,
  headersWithUnderscoresAction: "ALLOW",
} as const satisfies HttpConnectionManagerJson["commonHttpProtocolOptions"];

/** A connection that ends with the answer to the first request: HTTP/1.1 says `connection: close`, HTTP/2 GOAWAY. */
export const ONE_REQUEST_A_CONNECTION: HttpConnectionManagerJson = {
  commonHttpProtocolOptions: { ...CLIENT_LIMITS, maxRequestsPerConnection: 1 },
};

/**
 * Settings that keep Envoy from changing or limiting what passes: no idle or request limit shorter than the client's, headers in their own case,
 * `server`, trailers, upgrades, 100-continue and HTTP/1.0 as they come.
 */
const TRANSPARENT: HttpConnectionManagerJson = {
  codecType: "AUTO",
  generateRequestId: false,
  serverHeaderTransformation: "PASS_THROUGH",
  forwardClientCertDetails: "ALWAYS_FORWARD_ONLY",
  streamIdleTimeout: "0s",
  requestTimeout: "0s",
  maxRequestHeadersKb: 256,
  proxy100Continue: true,
  commonHttpProtocolOptions: CLIENT_LIMITS,
  httpProtocolOptions: HTTP1,
  http2ProtocolOptions: { allowConnect: true, maxConcurrentStreams: 1_000 },
  upgradeConfigs: [{ upgradeType: "websocket" }, { upgradeType: "spdy/3.1" }, { upgradeType: "tcp" }],
};

/** What a client may send, and the headers that gateways add: what was let in must not be refused on the way. */
export const FROM_GATEWAYS: HttpConnectionManagerJson = {
  commonHttpProtocolOptions: { ...CLIENT_LIMITS, maxHeadersCount: CLIENT_LIMITS.maxHeadersCount + 10 },
};

/**
 * Envoy adds x-forwarded-proto to every request, at each of its listeners. These keep what came, or nothing, in a header of
 * Tandem's own, and put it back; the virtual host has to remove that header.
 */
export const KEEP_FORWARDED_PROTO: HttpConnectionManagerJson = {
  earlyHeaderMutationExtensions: [
    {
      name: "tandem.keep_forwarded_proto",
      typedConfig: any("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", {
        mutations: [
          { remove: FORWARDED_PROTO_HEADER },
          {
            append: {
              header: { key: FORWARDED_PROTO_HEADER, value: "%REQ(x-forwarded-proto)%" },
              appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
            },
          },
        ],
      }),
    },
  ],
};

/** The other half of {@link KEEP_FORWARDED_PROTO}, for each route. What a route removes, unlike its virtual host, it can still set. */
export const RESTORED_FORWARDED_PROTO = {
  requestHeadersToRemove: ["x-forwarded-proto"],
  requestHeadersToAdd: [
    {
      header: { key: "x-forwarded-proto", value: `%REQ(${FORWARDED_PROTO_HEADER})%` },
      appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
    },
  ],
} as const satisfies RouteJson;

/** The router, without the headers it would add. */
export const ROUTER: NonNullable<HttpConnectionManagerJson["httpFilters"]>[number] = {
  name: "envoy.filters.http.router",
  typedConfig: any("envoy.extensions.filters.http.router.v3.Router", { suppressEnvoyHeaders: true }),
};

/** An HTTP connection manager that passes what it is given. `own` says what is special about it. */
export function httpConnectionManager(statPrefix: string, own: HttpConnectionManagerJson): FilterJson {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typedConfig: any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
      statPrefix,
      ...TRANSPARENT,
      ...own,
    }),
  };
}

/** An answer that this gateway gave because it never reached an endpoint says so: the caller may then try any method elsewhere. */
export function markUnprocessed(): object {
  return {
    filter: { responseFlagFilter: { flags: ["UH", "UF", "NC", "NR"] } },
    headersToAdd: [{ header: { key: UNPROCESSED_HEADER, value: "1" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" }],
  };
}
