import { GATEWAY_LABEL, gatewayOf } from "../../../adapters/kube/gateway-leases.ts";
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import type { GatewayPicture, SitePicture } from "../../../model/doctor.ts";
import type { Site } from "../../../model/kinds/index.ts";
import type { TandemPod } from "./tandem-pods.ts";

/** The sites that a cluster knows: by their Sites, and its own also by the Leases of its gateways. */
export function sitePictures(from: {
  readonly sites: readonly Site[];
  readonly leases: readonly KubeObject[];
  readonly pods: readonly TandemPod[];
}): readonly SitePicture[] {
  const { sites, leases, pods } = from;
  const registered = leases.flatMap((lease) => {
    const site = lease.metadata.labels?.[GATEWAY_LABEL];
    const gateway = gatewayOf(lease);
    if (site === undefined || gateway === undefined) return [];
    const { name, address, port } = gateway;
    return [{ site, gateway: { name, address, port, open: undefined } }];
  });
  const here = new Set(pods.flatMap(({ addresses }) => addresses));
  const names = new Set([...sites.map(({ metadata }) => metadata.name), ...registered.map(({ site }) => site)]);
  return [...names].map((name): SitePicture => {
    const known = sites.find(({ metadata }) => metadata.name === name);
    const listed = (known?.spec.gateways ?? []).map((gateway): GatewayPicture => ({ ...gateway, open: undefined }));
    const own = registered.filter(({ site }) => site === name).map(({ gateway }) => gateway);
    const gateways = [...new Map([...listed, ...own].map((gateway) => [gateway.name, gateway])).values()];
    return {
      name,
      own: own.length > 0 || names.size === 1 || gateways.some(({ address }) => here.has(address)),
      labels: known?.spec.labels ?? {},
      gateways,
    };
  });
}
