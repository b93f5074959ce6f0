import { rename, writeFile } from "node:fs/promises";
import { type EnvoyResource, socketAddress } from "./resource.ts";
import { localEndpoint, peerEndpoint } from "./transport.ts";

/** Endpoints of a cluster: local ones first, then the peer's gateways; empty priorities stay in place. */
export interface EndpointList {
  readonly cluster: string;
  readonly local: readonly { readonly address: string; readonly port: number }[];
  readonly peers: readonly { readonly address: string; readonly port: number }[];
  /** Fields of the assignment's policy, such as the overprovisioning factor. */
  readonly policy: EnvoyResource;
}

/** A load assignment for {@link EndpointList}; `checkHost` is the host that health checks of peers ask for. */
export function loadAssignment(list: EndpointList, checkHost?: string): EnvoyResource {
  const check = checkHost === undefined ? {} : { health_check_config: { hostname: checkHost } };
  const group = (priority: number, places: EndpointList["local"], metadata: EnvoyResource): EnvoyResource => ({
    priority,
    locality: { region: priority === 0 ? "local" : "peer" },
    lb_endpoints: places.map(({ address, port }) => ({
      endpoint: { address: socketAddress(address, port), ...(priority === 0 ? {} : check) },
      metadata,
    })),
  });
  const groups = [
    group(0, list.local, localEndpoint),
    ...(list.peers.length > 0 ? [group(1, list.peers, peerEndpoint)] : []),
  ];
  return { cluster_name: list.cluster, endpoints: groups, policy: list.policy };
}

/** Writes the list where Envoy watches it; a rename, since Envoy must never read half a file. */
export async function writeEndpointFile(path: string, list: EndpointList, version: number): Promise<void> {
  const assignment = {
    "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    ...loadAssignment(list),
  };
  await writeFile(`${path}.next`, JSON.stringify({ version_info: `${version}`, resources: [assignment] }));
  await rename(`${path}.next`, path);
}

/** Fields of a cluster whose endpoints come from such a file. */
export function endpointsFromFile(path: string): EnvoyResource {
  return {
    type: "EDS",
    eds_cluster_config: { eds_config: { resource_api_version: "V3", path_config_source: { path } } },
  };
}
