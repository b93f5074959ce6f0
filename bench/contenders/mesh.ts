/**
 * A service mesh as far as this comparison needs it: two gateways a site on stock Envoy, local endpoints first, then
 * the peer's gateways over mTLS. What differs between products is data: {@link MeshFlavor}.
 * @module
 */
import { join } from "node:path";
import { ports, type SiteName, type SitePlace } from "../rig/topology.ts";
import type { Contender, ContenderSetup, RunningContender } from "./contender.ts";
import { endpointsFromFile, writeEndpointFile } from "./envoy/endpoint-file.ts";
import { startEnvoy } from "./envoy/gateway-process.ts";
import { writeIdentities } from "./envoy/identity.ts";
import { httpListener, tcpListener } from "./envoy/listener.ts";
import { type EnvoyResource, noLimits } from "./envoy/resource.ts";
import { downstreamTls, type IdentityFiles, transportByEndpoint } from "./envoy/transport.ts";

/** What one product generates for a service that exists in two sites. */
export interface MeshFlavor {
  readonly name: string;
  readonly description: string;
  /** Fields of the service's cluster, in both directions. */
  readonly cluster: EnvoyResource;
  /** Fields of the load assignment's policy. */
  readonly policy: EnvoyResource;
  /** Fields of the route's action. */
  readonly route: EnvoyResource;
}

const cluster = "web";

/** A contender from what a product generates. */
export function meshContender(flavor: MeshFlavor): Contender {
  const { name, description } = flavor;
  return { name, description, supports: () => true, start: (setup) => startMesh(flavor, setup) };
}

async function startMesh(flavor: MeshFlavor, setup: ContenderSetup): Promise<RunningContender> {
  const { topology, protocol, directory } = setup;
  const identities = await writeIdentities(directory);
  const ready: Record<SiteName, SitePlace["backends"]> = { west: topology.west.backends, east: topology.east.backends };
  let version = 0;
  const publish = async (): Promise<void> => {
    version += 1;
    await Promise.all([
      writeEndpointFile(join(directory, "west.eds.json"), listOf("west"), version),
      writeEndpointFile(join(directory, "east.eds.json"), listOf("east"), version),
    ]);
  };
  const listOf = (site: SiteName) => ({
    cluster,
    policy: flavor.policy,
    local: ready[site].map(({ address }) => ({
      address,
      port: protocol === "http" ? ports.backendHttp : ports.backendTcp,
    })),
    // What comes in from a peer goes to local endpoints only, or requests would travel in circles.
    peers: site === "west" ? topology.east.gateways.map((address) => ({ address, port: ports.peer })) : [],
  });
  await publish();
  const [localGateways, peerGateways] = await Promise.all([
    Promise.all(topology.west.gateways.map((address) => startGateway("west", address, identities.west))),
    Promise.all(topology.east.gateways.map((address) => startGateway("east", address, identities.east))),
  ]);

  function startGateway(site: SiteName, address: string, files: IdentityFiles) {
    const port = site === "east" ? ports.peer : protocol === "http" ? ports.gatewayHttp : ports.gatewayTcp;
    const place = { address, port, tls: site === "east" ? downstreamTls(files, []) : null };
    const listener =
      protocol === "http"
        ? httpListener(place, [{ match: { prefix: "/" }, route: { cluster, ...flavor.route } }])
        : tcpListener(place, cluster, {});
    const bootstrap = {
      name: `${site}-${address}`,
      listeners: [listener],
      clusters: [
        {
          name: cluster,
          ...endpointsFromFile(join(directory, `${site}.eds.json`)),
          ...transportByEndpoint(files, cluster),
          circuit_breakers: noLimits,
          ...flavor.cluster,
        },
      ],
    };
    return startEnvoy(bootstrap, { host: address, port }, directory, setup.processes);
  }

  const port = protocol === "http" ? ports.gatewayHttp : ports.gatewayTcp;
  const targets = topology.west.gateways.map((address) => ({ address: `${address}:${port}`, ready: null }));
  return {
    targets,
    localGateways,
    peerGateways,
    localAgents: [],
    peerAgents: [],
    publishEndpoints: async (site, places) => {
      ready[site] = places;
      await publish();
      return targets;
    },
  };
}
