import { z } from "zod";
import type { EnvoyHealthEvent } from "../../model/envoy-event.ts";
import { serviceOfCluster } from "../../model/cluster-name.ts";
import { peerOfHopSocket } from "../../model/peer-hop.ts";
import { endpointKey } from "../../model/service-view.ts";

const At = z.string().transform((text) => Date.parse(text));

/** envoy.data.core.v3.HealthCheckEvent as the file sink writes it. */
const HealthCheckEvent = z.object({
  cluster_name: z.string(),
  timestamp: At,
  host: z.object({
    socket_address: z.object({ address: z.string(), port_value: z.number() }).optional(),
    pipe: z.object({ path: z.string() }).optional(),
  }),
  eject_unhealthy_event: z.object({}).optional(),
  add_healthy_event: z.object({}).optional(),
  health_check_failure_event: z.object({}).optional(),
});

/** envoy.data.cluster.v3.OutlierDetectionEvent. */
const OutlierEvent = z.object({
  cluster_name: z.string(),
  timestamp: At,
  upstream_url: z.string(),
  action: z.enum(["EJECT", "UNEJECT"]),
  type: z.string().optional(),
  enforced: z.boolean().optional(),
});

/** Reads a line of the event log; undefined for lines that say nothing about an endpoint of a service. */
export function parseEvent(line: string): EnvoyHealthEvent | undefined {
  const value = parseJson(line);
  const check = HealthCheckEvent.safeParse(value);
  if (check.success) return checkEvent(check.data);
  const outlier = OutlierEvent.safeParse(value);
  return outlier.success ? outlierEvent(outlier.data) : undefined;
}

function checkEvent(event: z.infer<typeof HealthCheckEvent>): EnvoyHealthEvent | undefined {
  const owner = serviceOfCluster(event.cluster_name);
  if (owner === undefined) return undefined;
  const endpoint = endpointOfHost(event.host);
  if (endpoint === undefined) return undefined;
  const failing = event.eject_unhealthy_event !== undefined || event.health_check_failure_event !== undefined;
  if (!failing && event.add_healthy_event === undefined) return undefined;
  return {
    ...owner,
    endpoint,
    at: event.timestamp,
    kind: "check",
    state: failing ? "failing" : "passing",
  };
}

function outlierEvent(event: z.infer<typeof OutlierEvent>): EnvoyHealthEvent | undefined {
  const owner = serviceOfCluster(event.cluster_name);
  // Only ejections can be not enforced; the end of one says `enforced: false` whatever it was.
  if (owner === undefined || (event.action === "EJECT" && event.enforced === false)) return undefined;
  return {
    ...owner,
    endpoint: peerOfHopSocket(event.upstream_url) ?? event.upstream_url,
    at: event.timestamp,
    kind: "outlier",
    ejected: event.action === "EJECT",
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line cut by a killed Envoy says nothing; the state is read afresh after every reconnect.
    return undefined;
  }
}

/** `address:port` of what Envoy calls a host: a pod, or the socket that leads to a peer's gateway. */
export function endpointOfHost(host: {
  readonly socket_address?: { readonly address: string; readonly port_value: number } | undefined;
  readonly pipe?: { readonly path: string } | undefined;
}): string | undefined {
  if (host.socket_address !== undefined)
    return endpointKey(host.socket_address.address, host.socket_address.port_value);
  return host.pipe === undefined ? undefined : peerOfHopSocket(host.pipe.path);
}
