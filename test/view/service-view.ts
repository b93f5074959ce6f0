/**
 * A service with two sites as decisions see it, for tests.
 * @module
 */
import { FailoverPolicy } from "../../src/model/kinds/index.ts";
import {
  endpointKey,
  type EndpointHealth,
  type LocalEndpoint,
  type PeerGateway,
  type ServiceView,
} from "../../src/model/service-view.ts";

/** An endpoint of this site, 10.0.1.N:8080. */
export function localEndpoint(number: number, changes: Partial<LocalEndpoint> = {}): LocalEndpoint {
  return { address: `10.0.1.${number}`, port: 8080, ready: true, ...changes };
}

/** A gateway of the peer, 10.0.2.N:15443. */
export function eastGateway(number: number, changes: Partial<PeerGateway> = {}): PeerGateway {
  return { name: `east-${number}`, address: `10.0.2.${number}`, port: 15443, draining: false, ...changes };
}

/** A policy's spec with its defaults. */
export function policySpec(spec: Record<string, unknown> = {}): FailoverPolicy["spec"] {
  return FailoverPolicy.parse({
    apiVersion: "tandem.dev/v1alpha1",
    kind: "FailoverPolicy",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      targetRefs: [{ kind: "Service", name: "web" }],
      sites: [{ name: "west" }, { name: "east" }],
      healthCheck: { http: { path: "/healthz" } },
      ...spec,
    },
  }).spec;
}

/** Three local endpoints, a peer with two gateways, nothing known of anybody's health. */
export function serviceView(changes: Partial<ServiceView> = {}): ServiceView {
  return {
    service: "shop/web/80",
    site: "west",
    policy: policySpec(),
    appProtocol: "http",
    listen: { address: "10.0.1.100", port: 10080 },
    leaving: false,
    local: [localEndpoint(1), localEndpoint(2), localEndpoint(3)],
    peers: [{ name: "east", offers: true, gateways: [eastGateway(1), eastGateway(2)] }],
    health: new Map(),
    memory: { holds: {} },
    siblingHolds: new Map(),
    activeSwitch: undefined,
    judges: 2,
    firstTroubleAt: undefined,
    now: 1_000_000,
    ...changes,
  };
}

/** The view with one verdict for all local endpoints and one for all of the peer's gateways. */
export function withHealth(
  view: ServiceView,
  health: { readonly local: EndpointHealth; readonly east: EndpointHealth },
): ServiceView {
  const local = view.local.map(({ address, port }) => [endpointKey(address, port), health.local] as const);
  const east = view.peers.flatMap((peer) =>
    peer.gateways.map(({ address, port }) => [endpointKey(address, port), health.east] as const),
  );
  return { ...view, health: new Map([...local, ...east]) };
}
