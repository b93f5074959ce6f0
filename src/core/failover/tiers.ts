import {
  endpointKey,
  type EndpointHealth,
  type LocalEndpoint,
  type PeerGateway,
  type ServiceView,
} from "../../model/service-view.ts";

const UNKNOWN: EndpointHealth = { out: "unknown", in: "unknown", ejected: false };

/** One site as a place to send requests to, with what is known of each of its endpoints. */
export type Tier =
  | { readonly site: string; readonly local: true; readonly endpoints: readonly JudgedEndpoint<LocalEndpoint>[] }
  | { readonly site: string; readonly local: false; readonly endpoints: readonly JudgedEndpoint<PeerGateway>[] };

/** An endpoint with Envoy's verdicts on it. */
export interface JudgedEndpoint<E> {
  readonly endpoint: E;
  readonly health: EndpointHealth;
}

/**
 * The sites of a policy in order of preference. `Local` puts this site first; `Listed` keeps the list's order everywhere.
 * Peers that are not known, or that say they do not offer the service, are left out; this site is always there if it is listed.
 */
export function orderTiers(view: ServiceView): readonly Tier[] {
  const names = view.policy.sites.map((site) => site.name);
  const ordered =
    view.policy.prefer === "Listed" || !names.includes(view.site)
      ? names
      : [view.site, ...names.filter((name) => name !== view.site)];
  return ordered.flatMap((name) => tierOf(view, name));
}

function tierOf(view: ServiceView, site: string): Tier[] {
  if (site === view.site)
    return [{ site, local: true, endpoints: view.local.map((endpoint) => judged(view, endpoint)) }];
  const peer = view.peers.find((candidate) => candidate.name === site);
  if (peer === undefined || peer.offers === false) return [];
  return [{ site, local: false, endpoints: peer.gateways.map((gateway) => judged(view, gateway)) }];
}

function judged<E extends { address: string; port: number }>(view: ServiceView, endpoint: E): JudgedEndpoint<E> {
  return { endpoint, health: view.health.get(endpointKey(endpoint.address, endpoint.port)) ?? UNKNOWN };
}

/** What the check of a local endpoint says now: the callers' cluster first, since it asks more often. */
export function localCheckState(health: EndpointHealth): EndpointHealth["in"] {
  return health.out === "unknown" ? health.in : health.out;
}
