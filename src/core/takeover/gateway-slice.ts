import { SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import type { ClusterService, IpFamily, TakeoverGateway, TakeoverObject } from "../../model/takeover.ts";
import { ownedBy, PART_OF, SLICE_MANAGER } from "./marks.ts";
import type { Selector } from "./selector.ts";
import { shortName } from "./short-name.ts";

/** Label that says who keeps an EndpointSlice. */
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";

/** Annotation with the Service's own selector: a second copy, in case somebody deletes the origin. */
export const SELECTOR_ANNOTATION = "tandem.dev/selector";

/** The name of the slice of a Service's gateways in an IP family. */
export function gatewaySliceName(service: string, family: IpFamily): string {
  return shortName(service, family.toLowerCase());
}

/** What the slice of a Service's gateways in one IP family should say. */
export function gatewaySliceOf(
  service: ClusterService,
  how: {
    readonly family: IpFamily;
    readonly gateways: readonly TakeoverGateway[];
    readonly listenPorts: ReadonlyMap<number, number>;
    readonly ready: boolean;
    readonly original: Selector;
  },
): TakeoverObject {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: gatewaySliceName(name, how.family),
      namespace,
      labels: { ...PART_OF, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: SLICE_MANAGER },
      annotations: { [SELECTOR_ANNOTATION]: JSON.stringify(how.original) },
      ownerReferences: [ownedBy(service)],
    },
    addressType: how.family,
    // kube-proxy takes an endpoint only where the names of the ports are equal.
    ports: service.spec.ports.flatMap(({ name: portName, port, appProtocol }) => {
      const listen = how.listenPorts.get(port);
      const protocol = appProtocol === undefined || appProtocol === null ? {} : { appProtocol };
      return listen === undefined ? [] : [{ name: portName, port: listen, protocol: "TCP", ...protocol }];
    }),
    endpoints: how.gateways.flatMap(({ addresses }) => {
      const address = addresses[how.family];
      const conditions = { ready: how.ready, serving: how.ready, terminating: false };
      return address === undefined ? [] : [{ addresses: [address], conditions }];
    }),
  };
}
