/**
 * The service for measuring overhead: all six backends in one Envoy that answers by itself. A Node process a backend
 * would be the slowest part, and the gateway's own cost would drown in it.
 * @module
 */
import { startEnvoy } from "../contenders/envoy/gateway-process.ts";
import { httpListener } from "../contenders/envoy/listener.ts";
import type { EnvoyResource } from "../contenders/envoy/resource.ts";
import type { ProcessGroup } from "../rig/process-group.ts";
import { type BackendPlace, ports, type Topology } from "../rig/topology.ts";

/** Starts them; resolves when they accept connections. */
export async function startFastBackends(topology: Topology, directory: string, processes: ProcessGroup): Promise<void> {
  const places = [...topology.west.backends, ...topology.east.backends];
  const first = { host: topology.west.backends[0]?.address ?? "", port: ports.backendHttp };
  await startEnvoy({ name: "backends", listeners: places.map(listenerOf), clusters: [] }, first, directory, processes);
}

function listenerOf({ site, name, address }: BackendPlace): EnvoyResource {
  const body = JSON.stringify({ site, name });
  const answer = {
    match: { prefix: "/" },
    direct_response: { status: 200, body: { inline_string: body } },
    response_headers_to_add: [{ header: { key: "x-served-by", value: `${site}/${name}` } }],
  };
  return httpListener({ address, port: ports.backendHttp, tls: null }, [answer]);
}
