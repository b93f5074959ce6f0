import { allotListenPorts, listenPortsOf } from "../core/takeover/allot-listen-ports.ts";
import type { ServiceKey } from "../model/service-key.ts";
import type { ClusterService } from "../model/takeover.ts";

/** Which Service has which of the gateways' listeners: what origins say, and what was allotted and is not written yet. */
export class ListenerAllotments {
  readonly #ports = new Map<ServiceKey, ReadonlySet<number>>();
  readonly #holders = new Map<number, ServiceKey>();

  /** Takes what an origin says now; undefined when it is gone. */
  know(key: ServiceKey, origin: ClusterService | undefined): void {
    this.#hold(key, new Set(listenPortsOf(origin).values()));
  }

  /** The listener of each port of a Service, by the port's number; the same until its origin says something else. */
  allot(key: ServiceKey, service: ClusterService, origin: ClusterService | undefined): ReadonlyMap<number, number> {
    const own = this.#ports.get(key);
    const taken = new Set([...this.#holders.keys()].filter((port) => own?.has(port) !== true));
    const allotted = allotListenPorts(service, origin, taken);
    this.#hold(key, new Set(allotted.values()));
    return allotted;
  }

  #hold(key: ServiceKey, ports: ReadonlySet<number>): void {
    for (const port of this.#ports.get(key) ?? []) if (this.#holders.get(port) === key) this.#holders.delete(port);
    // What another one has it keeps.
    const held = new Set([...ports].filter((port) => !this.#holders.has(port)));
    for (const port of held) this.#holders.set(port, key);
    if (held.size === 0) this.#ports.delete(key);
    else this.#ports.set(key, held);
  }
}
