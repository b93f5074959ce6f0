import { fingerprint } from "../../model/fingerprint.ts";
import { LISTEN_ANNOTATION } from "../../model/kinds/index.ts";
import type { ClusterService } from "../../model/takeover.ts";

/** Ports that are allotted; below the range from which Linux takes source ports. */
export const LISTEN_PORTS = { first: 20_000, last: 29_999 } as const;
const PORTS = LISTEN_PORTS.last - LISTEN_PORTS.first + 1;

/**
 * The gateways' listener of each port of a Service, by the port's number. What its origin says stays: gateways listen
 * there, and the slices of clients name it. Ports that cannot be given any more are left out.
 * @param taken listeners of other Services
 */
export function allotListenPorts(
  service: ClusterService,
  origin: ClusterService | undefined,
  taken: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const known = listenPortsOf(origin);
  const allotted = new Map<number, number>();
  const used = new Set(taken);
  for (const { name, port } of service.spec.ports) {
    const before = known.get(name === "" ? String(port) : name);
    if (before === undefined || used.has(before)) continue;
    allotted.set(port, before);
    used.add(before);
  }
  for (const { port } of service.spec.ports) {
    if (allotted.has(port)) continue;
    const free = freePort(`${service.metadata.namespace}/${service.metadata.name}/${port}`, used);
    if (free === undefined) continue;
    allotted.set(port, free);
    used.add(free);
  }
  return allotted;
}

/** What an origin says, by the name of the port or its number as text. */
export function listenPortsOf(origin: ClusterService | undefined): ReadonlyMap<string, number> {
  const annotation = origin?.metadata.annotations[LISTEN_ANNOTATION] ?? "";
  const pairs = annotation.split(",").flatMap((part): (readonly [string, number])[] => {
    const [name = "", port = ""] = part.trim().split("=");
    return /^\d{1,5}$/.test(port) && Number(port) <= 65_535 && Number(port) > 0 ? [[name, Number(port)]] : [];
  });
  return new Map(pairs);
}

/** By a fingerprint, so that a port that is lost and allotted anew is most often the same. */
function freePort(key: string, used: ReadonlySet<number>): number | undefined {
  const first = fingerprint(key) % PORTS;
  for (let step = 0; step < PORTS; step += 1) {
    const port = LISTEN_PORTS.first + ((first + step) % PORTS);
    if (!used.has(port)) return port;
  }
  return undefined;
}
