/**
 * The manifests of a lab's site, as a user would write them.
 * @module
 */
import { stringify } from "yaml";
import { ENDPOINT_PORTS, LAB_PORTS, type LabOptions, type LabSite } from "./layout.ts";

/** Services and policies: `web` over HTTP and `echo` over TCP, from the same endpoints. */
export function serviceManifests(options: LabOptions, sites: readonly LabSite[]): string {
  const documents = [
    service("web", { name: "http", port: 80, appProtocol: "http", listen: LAB_PORTS.http }),
    service("echo", { name: "tcp", port: 7000, listen: LAB_PORTS.tcp }),
    policy("web", options, { sites, healthCheck: { http: { path: "/healthz" } } }),
    policy("echo", options, {
      sites,
      healthCheck: options.tcpCheck === "connect" ? { tcp: {} } : { tcp: { send: "ping\n", receive: "pong" } },
    }),
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

/** Endpoints of both services. @param unready names of endpoints that say they are not ready */
export function endpointManifests(site: LabSite, unready: ReadonlySet<string>): string {
  const endpoints = site.endpoints.map(({ name, address }) => ({
    addresses: [address],
    conditions: { ready: !unready.has(name) },
  }));
  const slice = (serviceName: string, port: { name: string; port: number }): object => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${serviceName}-1`, namespace: "shop", labels: { "kubernetes.io/service-name": serviceName } },
    addressType: "IPv4",
    ports: [port],
    endpoints,
  });
  return [
    slice("web", { name: "http", port: ENDPOINT_PORTS.http }),
    slice("echo", { name: "tcp", port: ENDPOINT_PORTS.tcp }),
  ]
    .map((document) => stringify(document))
    .join("---\n");
}

function service(
  name: string,
  port: { readonly name: string; readonly port: number; readonly appProtocol?: string; readonly listen: number },
): object {
  const { listen, ...rest } = port;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop", annotations: { "tandem.dev/listen": String(listen) } },
    spec: { ports: [rest] },
  };
}

function policy(
  name: string,
  options: LabOptions,
  own: { readonly sites: readonly LabSite[]; readonly healthCheck: object },
): object {
  return {
    apiVersion: "tandem.dev/v1alpha1",
    kind: "FailoverPolicy",
    metadata: { name, namespace: "shop" },
    spec: {
      targetRefs: [{ kind: "Service", name }],
      sites: own.sites.map((site) => ({ name: site.name })),
      profile: options.profile,
      healthCheck: own.healthCheck,
      retry: { perTryTimeout: options.perTryTimeout },
      failback: { holdDown: options.holdDown },
    },
  };
}
