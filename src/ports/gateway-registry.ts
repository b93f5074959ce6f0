import type { GatewayAddress } from "../model/kinds/index.ts";

/** A gateway as its own site reaches it. */
export interface OwnGateway extends GatewayAddress {
  /** Besides `address`: one of the other IP family. */
  readonly otherAddresses?: readonly string[];
}

/** The gateways of a site that say themselves that they are there. */
export interface GatewayRegistry {
  /** In the order of their names; those that are dead too, until somebody clears them away. */
  gateways(): readonly OwnGateway[];
  /** Calls `listener` after one came, changed or went, until the returned function is called. */
  onChange(listener: () => void): () => void;
}
