/**
 * xDS resources as typed JSON (the proto3 JSON mapping): readable in golden files, encoded to bytes only by the adapter.
 * @module
 */
import type { ClusterJson } from "../gen/envoy/config/cluster/v3/cluster_pb.js";
import type { ListenerJson } from "../gen/envoy/config/listener/v3/listener_pb.js";
import type { RouteConfigurationJson } from "../gen/envoy/config/route/v3/route_pb.js";
import type { ScopedRouteConfigurationJson } from "../gen/envoy/config/route/v3/scoped_route_pb.js";
import type { SecretJson } from "../gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { LoadAssignment } from "./load-assignment.ts";

/** One xDS resource, told apart by `type`. Its name is unique within the type. */
export type XdsResource =
  | { readonly type: "cluster"; readonly name: string; readonly body: ClusterJson }
  | { readonly type: "endpoints"; readonly name: string; readonly body: LoadAssignment }
  | { readonly type: "listener"; readonly name: string; readonly body: ListenerJson }
  | { readonly type: "route"; readonly name: string; readonly body: RouteConfigurationJson }
  | { readonly type: "scopedRoute"; readonly name: string; readonly body: ScopedRouteConfigurationJson }
  | { readonly type: "secret"; readonly name: string; readonly body: SecretJson };

/** Kind of an xDS resource. */
export type XdsType = XdsResource["type"];

/** The message each type of resource is, as its type URL's last part. */
export const XDS_MESSAGE: Readonly<Record<XdsType, string>> = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoints: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "envoy.config.listener.v3.Listener",
  route: "envoy.config.route.v3.RouteConfiguration",
  scopedRoute: "envoy.config.route.v3.ScopedRouteConfiguration",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
};

/** A message packed as `google.protobuf.Any`, in JSON. */
export function any<T extends object>(message: string, body: T): { "@type": string } & T {
  return { "@type": `type.googleapis.com/${message}`, ...body };
}

/** Milliseconds as a `google.protobuf.Duration` in JSON. */
export function seconds(ms: number): string {
  return `${ms / 1_000}s`;
}
