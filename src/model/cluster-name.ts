import type { ServicePortKey } from "./service-key.ts";

/** The service that a cluster name belongs to, for Envoy's events; undefined for clusters that belong to none. */
export function serviceOfCluster(
  cluster: string,
): { readonly view: "in" | "out"; readonly service: ServicePortKey } | undefined {
  const match = /^(in|out|tier)\/([^/]+)\/([^/]+)\/(\d+)(?:\/[^/]+)?$/.exec(cluster);
  if (match === null) return undefined;
  const [, view, namespace, name, port] = match;
  return { view: view === "in" ? "in" : "out", service: `${namespace ?? ""}/${name ?? ""}/${Number(port)}` };
}
