import type { StatePaths } from "../../adapters/state/state-directory.ts";
import type { GatewayBase } from "../../core/envoy/gateway-base.ts";
import type { SiteRecord } from "../../model/catalog.ts";
import { READY_PORT } from "../../model/kinds/index.ts";
import type { GatewayAddresses } from "./gateway-addresses.ts";

/** What the way in looks like on this gateway; undefined until it is known where the gateway is. */
export function gatewayBase(now: {
  readonly site: string;
  readonly paths: StatePaths;
  readonly addresses: GatewayAddresses;
  /** Sites that take part. */
  readonly members: readonly SiteRecord[];
  readonly joinOpen: boolean;
  readonly tcpChains: GatewayBase["tcpChains"];
}): GatewayBase | undefined {
  const { site, paths, addresses, members, joinOpen, tcpChains } = now;
  const own = addresses.ownGateway();
  if (own === undefined) return undefined;
  return {
    site,
    peers: { address: own.address, port: own.port },
    ready: { address: own.address, port: READY_PORT },
    otherAddresses: own.otherAddresses ?? [],
    agentSocket: paths.peerSocket,
    writeSocket: paths.writeSocket,
    peerHops: paths.root,
    peerGateways: members.flatMap(({ name }) =>
      (addresses.gatewaysOf(name) ?? []).map((gateway) => ({ ...gateway, site: name })),
    ),
    members: [site, ...members.map(({ name }) => name)],
    joinOpen,
    tcpChains,
  };
}
