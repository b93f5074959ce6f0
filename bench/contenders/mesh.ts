/**
 * A service mesh as far as this comparison needs it: two gateways a site on stock Envoy, local endpoints first, then
 * the peer's gateways over mTLS. What differs between products is data: {@link MeshFlavor}.
 * @module
 */
import { join } from "node:path";
import type { LoadTarget } from "../../src/apps/lab/load/options.ts";
import type { ReadyEndpoints } from "../rig/kubernetes.ts";
import { ports, type SiteName } from "../rig/topology.ts";
import type { Contender, ContenderSetup, Part, RunningContender } from "./contender.ts";
import { type EndpointList, endpointsFromFile, writeEndpointFile } from "./envoy/endpoint-file.ts";
import { startEnvoy } from "./envoy/gateway-process.ts";
import { writeIdentities } from "./envoy/identity.ts";
import { httpListener, type ListenerPlace, tcpListener } from "./envoy/listener.ts";
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
const gatewayPorts = { http: ports.gatewayHttp, tcp: ports.gatewayTcp } as const;

/** A contender from what a product generates. */
export function meshContender(flavor: MeshFlavor): Contender {
  const { name, description } = flavor;
  return { name, description, supports: () => true, start: (setup) => startMesh(flavor, setup) };
}

async function startMesh(flavor: MeshFlavor, setup: ContenderSetup): Promise<RunningContender> {
  const { topology, protocol, directory, processes } = setup;
  const identities = await writeIdentities(directory);
  await writeLists(flavor, setup, topology, 1);
  const start = (site: SiteName, address: string): Promise<Part> => {
    const peerPort = site === "east" ? ports.peer : gatewayPorts[protocol];
    const tls = site === "east" ? downstreamTls(identities.east, []) : null;
    const listener = listenerOf(flavor, { address, port: peerPort, tls }, protocol);
    const clusters = [clusterOf(flavor, join(directory, `${site}.eds.json`), identities[site])];
    const bootstrap = { name: `${site}-${address}`, listeners: [listener], clusters };
    return startEnvoy(bootstrap, { host: address, port: peerPort }, directory, processes);
  };
  const [localGateways, peerGateways] = await Promise.all([
    Promise.all(topology.west.gateways.map((address) => start("west", address))),
    Promise.all(topology.east.gateways.map((address) => start("east", address))),
  ]);
  const targetsOf = (addresses: readonly string[]): LoadTarget[] =>
    addresses.map((address) => ({ address: `${address}:${gatewayPorts[protocol]}`, ready: null }));
  let version = 1;
  return {
    targets: targetsOf(topology.west.gateways),
    localGateways,
    peerGateways,
    localAgents: [],
    peerAgents: [],
    publishEndpoints: async (ready) => {
      version += 1;
      await writeLists(flavor, setup, ready, version);
      return targetsOf(ready.west.gateways);
    },
  };
}

/** Writes the lists that the gateways of each site watch. */
async function writeLists(
  flavor: MeshFlavor,
  { protocol, directory }: ContenderSetup,
  ready: ReadyEndpoints,
  version: number,
): Promise<void> {
  const port = protocol === "http" ? ports.backendHttp : ports.backendTcp;
  const listOf = (site: SiteName): EndpointList => ({
    cluster,
    policy: flavor.policy,
    local: ready[site].backends.map(({ address }) => ({ address, port })),
    // What comes in from a peer goes to local endpoints only, or requests would travel in circles.
    peers: site === "west" ? ready.east.gateways.map((address) => ({ address, port: ports.peer })) : [],
  });
  const write = (site: SiteName) => writeEndpointFile(join(directory, `${site}.eds.json`), listOf(site), version);
  await Promise.all([write("west"), write("east")]);
}

function listenerOf(flavor: MeshFlavor, place: ListenerPlace, protocol: "http" | "tcp"): EnvoyResource {
  if (protocol === "tcp") return tcpListener(place, cluster, {});
  return httpListener(place, [{ match: { prefix: "/" }, route: { cluster, ...flavor.route } }]);
}

function clusterOf(flavor: MeshFlavor, endpointFile: string, files: IdentityFiles): EnvoyResource {
  return {
    name: cluster,
    ...endpointsFromFile(endpointFile),
    ...transportByEndpoint(files, cluster),
    circuit_breakers: noLimits,
    ...flavor.cluster,
  };
}
