/**
 * Names of services across sites: the same namespace and name mean the same service everywhere, as in the Multi-Cluster Services API.
 * @module
 */

/** `namespace/name`. */
export type ServiceKey = `${string}/${string}`;

/** `namespace/name/port`, the value of the reserved header that names a service between gateways. */
export type ServicePortKey = `${string}/${string}/${number}`;

/** Key of a Service. */
export function serviceKey(namespace: string, name: string): ServiceKey {
  return `${namespace}/${name}`;
}

/** The namespace of a Service. */
export function namespaceOf(key: ServiceKey): string {
  return key.slice(0, key.indexOf("/"));
}

/** Key of one port of a Service. */
export function servicePortKey(service: ServiceKey, port: number): ServicePortKey {
  return `${service}/${port}`;
}

/** The Service a port key belongs to. */
export function serviceOf(key: ServicePortKey): ServiceKey {
  return key.slice(0, key.lastIndexOf("/")) as ServiceKey;
}

/** Namespace, name and port of a key. */
export function splitServicePortKey(key: ServicePortKey): {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
} {
  const [namespace = "", name = "", port = ""] = key.split("/");
  return { namespace, name, port: Number(port) };
}

/** SNI that names a TCP service to the gateways of `site`: `<port>.<name>.<namespace>.<site>.tandem`. */
export function tcpServerName(key: ServicePortKey, site: string): string {
  const { namespace, name, port } = splitServicePortKey(key);
  return `${port}.${name}.${namespace}.${site}.tandem`;
}
