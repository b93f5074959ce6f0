/**
 * What Kubernetes does to the list of ready endpoints after a fault, with its own delays.
 * @module
 */
import type { Fault } from "../../src/apps/lab/backend/fault.ts";
import type { BackendPlace, SiteName, Topology } from "./topology.ts";

/** Everything that can befall the backends of a site. `unready`: a rolling update or a failed readiness gate. */
export type BackendFault = "crash" | "hang" | "unready" | Fault;

/** Until the kubelet reports a container that ended. */
const crashMs = 1000;
/** Readiness with Kubernetes' defaults: every 10 s, three failures. */
const probeMs = 30_000;

/**
 * How long Kubernetes takes to remove endpoints with this fault from its list, in ms; null: never, since readiness
 * probes go on passing.
 */
export function removalDelay(fault: BackendFault): number | null {
  if (typeof fault === "object") return fault.kind === "check" ? probeMs : null;
  switch (fault) {
    case "crash":
      return crashMs;
    case "hang":
      return probeMs;
    case "unready":
      return 0;
  }
}

/** Endpoints that Kubernetes calls ready, of one site. */
export interface ReadySite {
  readonly backends: readonly BackendPlace[];
  /** Addresses of gateways. */
  readonly gateways: readonly string[];
}

/** The lists of ready endpoints as a whole: what is not in them left. */
export type ReadyEndpoints = Readonly<Record<SiteName, ReadySite>>;

/** Keeps the lists of ready endpoints, and publishes them whenever something leaves them. */
export class EndpointController {
  private readonly timers = new Set<NodeJS.Timeout>();
  private ready: ReadyEndpoints;
  private readonly publish: (ready: ReadyEndpoints) => void;

  constructor(topology: Topology, publish: (ready: ReadyEndpoints) => void) {
    this.ready = topology;
    this.publish = publish;
  }

  /** Notes a fault of all backends of the sites. */
  observeBackends(sites: readonly SiteName[], fault: BackendFault): void {
    this.later(fault, () => {
      for (const site of sites) this.ready = { ...this.ready, [site]: { ...this.ready[site], backends: [] } };
    });
  }

  /** Notes a fault of one gateway. */
  observeGateway(site: SiteName, address: string, fault: "crash" | "hang"): void {
    this.later(fault, () => {
      const gateways = this.ready[site].gateways.filter((one) => one !== address);
      this.ready = { ...this.ready, [site]: { ...this.ready[site], gateways } };
    });
  }

  /** Forgets what is still to come. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private later(fault: BackendFault, change: () => void): void {
    const delay = removalDelay(fault);
    if (delay === null) return;
    const timer = setTimeout(() => {
      change();
      this.publish(this.ready);
    }, delay);
    this.timers.add(timer);
  }
}
