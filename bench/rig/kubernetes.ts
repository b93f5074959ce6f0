/**
 * What Kubernetes does to the list of ready endpoints after a fault, with its own delays.
 * @module
 */
import type { Fault } from "../../src/apps/lab/backend/fault.ts";
import type { SiteName } from "./topology.ts";

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

/** Publishes an empty list for each concerned site after the delay. Ended with the run. */
export class EndpointController {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly publish: (site: SiteName) => void;

  /** @param publish called when the last ready endpoint of a site leaves its list. */
  constructor(publish: (site: SiteName) => void) {
    this.publish = publish;
  }

  /** Notes a fault of all backends of the sites. */
  observe(sites: readonly SiteName[], fault: BackendFault): void {
    const delay = removalDelay(fault);
    if (delay === null) return;
    for (const site of sites) this.timers.add(setTimeout(() => this.publish(site), delay));
  }

  /** Forgets what is still to come. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}
