/**
 * Two sites on loopback addresses: three backends and two gateways each.
 * @module
 */

/** `west` is where the clients are; `east` is the peer. */
export type SiteName = "west" | "east";

/** One endpoint of the service. */
export interface BackendPlace {
  readonly site: SiteName;
  readonly name: string;
  readonly address: string;
}

/** One site's addresses. */
export interface SitePlace {
  readonly name: SiteName;
  readonly backends: readonly BackendPlace[];
  readonly gateways: readonly [string, string];
}

/** Where everything of a run is. */
export interface Topology {
  readonly west: SitePlace;
  readonly east: SitePlace;
}

/** Ports that are the same on every address. */
export const ports = {
  backendHttp: 8080,
  backendTcp: 7000,
  gatewayHttp: 10_001,
  gatewayTcp: 10_002,
  /** mTLS between sites. */
  peer: 15_443,
} as const;

/** Name of the service, as clients say it in `Host` and peers in SNI. */
export const serviceHost = "web.shop";

/** Addresses below `prefix`, the first two numbers such as `127.30`; runs with different prefixes do not collide. */
export function topologyOf(prefix: string): Topology {
  return { west: siteOf(prefix, "west", 1), east: siteOf(prefix, "east", 2) };
}

/** The addresses `steps` further on: `127.30` and 2 give `127.32`. */
export function nextPrefix(prefix: string, steps: number): string {
  const [network, number] = prefix.split(".");
  return `${network}.${(Number(number) + steps) % 256}`;
}

function siteOf(prefix: string, name: SiteName, number: number): SitePlace {
  const network = `${prefix}.${number}`;
  const backends = [1, 2, 3].map((index) => ({ site: name, name: `web-${index}`, address: `${network}.${index}` }));
  return { name, backends, gateways: [`${network}.100`, `${network}.101`] };
}
