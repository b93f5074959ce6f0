import type { FilterJson } from "../../gen/envoy/config/listener/v3/listener_components_pb.js";
import type { HttpConnectionManagerJson } from "../../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { UNPROCESSED_HEADER } from "./names.ts";
import { any } from "../../model/xds-resource.ts";

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
  commonHttpProtocolOptions: { idleTimeout: "0s", maxHeadersCount: 1_000, headersWithUnderscoresAction: "ALLOW" },
  httpProtocolOptions: {
    acceptHttp10: true,
    enableTrailers: true,
    headerKeyFormat: {
      statefulFormatter: {
        name: "preserve_case",
        typedConfig: any("envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig", {}),
      },
    },
  },
  http2ProtocolOptions: { allowConnect: true, maxConcurrentStreams: 1_000 },
  upgradeConfigs: [{ upgradeType: "websocket" }, { upgradeType: "spdy/3.1" }, { upgradeType: "tcp" }],
};

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
