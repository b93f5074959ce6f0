/**
 * Manifests of a Service that the tests put into a lab's sites, as a user would write them.
 * @module
 */

/** A Service in one site. */
export interface TestService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly appProtocol: string | undefined;
  /** The annotation: where clients reach it on the gateways. */
  readonly listen: string;
  /** Endpoints in this site; none: it has no EndpointSlice. */
  readonly addresses: readonly string[];
  readonly healthCheck: object;
  readonly retry: object;
}

/** The Service, its endpoints and its policy; both sites serve it. */
export function serviceDocuments(service: TestService): object[] {
  const { namespace, name, ports, appProtocol, listen, addresses, healthCheck, retry } = service;
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports,
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, annotations: { "tandem.dev/listen": listen } },
      spec: { ports: ports.map((port) => (appProtocol === undefined ? port : { ...port, appProtocol })) },
    },
    ...(addresses.length === 0 ? [] : [slice]),
    {
      apiVersion: "tandem.dev/v1alpha1",
      kind: "FailoverPolicy",
      metadata: { name, namespace },
      spec: {
        targetRefs: [{ kind: "Service", name }],
        sites: [{ name: "west" }, { name: "east" }],
        healthCheck,
        retry,
      },
    },
  ];
}
