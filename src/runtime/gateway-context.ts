import type { ServicePortKey } from "../model/service-key.ts";
import type { PeerGateway, ServiceMemory } from "../model/service-view.ts";
import type { XdsResource } from "../model/xds-resource.ts";

/** Who this gateway is and where its files are. */
export interface GatewayContext {
  readonly site: string;
  readonly eventLog: string;
  readonly writeSocket: string;
  /** Directory of the sockets to the gateways of peers. */
  readonly peerHops: string;
}

/** What services remember from one decision to the next, kept over restarts. */
export interface MemoryStore {
  get(service: ServicePortKey): ServiceMemory;
  set(service: ServicePortKey, memory: ServiceMemory): void;
  delete(service: ServicePortKey): void;
}

/** Sites that take part, with the addresses of their gateways as they are now. */
export interface GatewayDirectory {
  /** Gateways of an accepted peer; undefined when the site is not a member. */
  gatewaysOf(site: string): readonly PeerGateway[] | undefined;
  /** Where clients reach this gateway; undefined while that is not known. */
  ownGateway(): { readonly address: string; readonly otherAddresses?: readonly string[] } | undefined;
  /** Gateways of this site, this one included. */
  ownGateways(): number;
  /** Addresses that belong to any known gateway: an endpoint there would send requests round in circles. */
  isGatewayAddress(address: string, port: number): boolean;
}

/**
 * Puts resources in force. `noticedAt` (`performance.now()`) is when the change was noticed that they follow from.
 */
export interface ResourceSink {
  /** Makes `resources` all that `owner` has. */
  replace(owner: string, resources: readonly XdsResource[], noticedAt: number): void;
  /** Gives new content to some resources of `owner`; what else it has stays. */
  update(owner: string, resources: readonly XdsResource[], noticedAt: number): void;
}
