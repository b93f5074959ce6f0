/**
 * The service for measuring overhead: all six backends in one Envoy that answers by itself. A Node process a backend
 * would be the slowest part, and the gateway's own cost would drown in it.
 * @module
 */
import { startEnvoy } from "../contenders/envoy/gateway-process.ts";
import { greetingListener, httpListener } from "../contenders/envoy/listener.ts";
import type { EnvoyResource } from "../contenders/envoy/resource.ts";
import type { ProcessGroup } from "../rig/process-group.ts";
import { type BackendPlace, ports, type Topology } from "../rig/topology.ts";

/** Starts them; resolves when they accept connections. */
export async function startFastBackends(
  topologies: readonly Topology[],
  directory: string,
  processes: ProcessGroup,
): Promise<void> {
  const places = topologies.flatMap(({ west, east }) => [...west.backends, ...east.backends]);
  const first = { host: places[0]?.address ?? "", port: ports.backendHttp };
  await startEnvoy(
    { name: "backends", listeners: places.flatMap(listenersOf), clusters: [] },
    first,
    directory,
    processes,
  );
}

/** TCP as well, only so that its checks pass: a contender may protect both. */
function listenersOf({ site, name, address }: BackendPlace): EnvoyResource[] {
  const body = JSON.stringify({ site, name });
  const answer = {
    match: { prefix: "/" },
    direct_response: { status: 200, body: { inline_string: body } },
    response_headers_to_add: [{ header: { key: "x-served-by", value: `${site}/${name}` } }],
  };
  return [
    httpListener({ address, port: ports.backendHttp, tls: null }, [answer]),
    greetingListener({ address, port: ports.backendTcp, tls: null }, "pong\n"),
  ];
}
