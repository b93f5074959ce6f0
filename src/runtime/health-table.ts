import type { EnvoyHealthEvent } from "../model/envoy-event.ts";
import type { ServicePortKey } from "../model/service-key.ts";
import type { EndpointHealth } from "../model/service-view.ts";

const UNKNOWN: EndpointHealth = { out: "unknown", in: "unknown", ejected: false };

/** Envoy's verdicts on all endpoints, by service, kept up to date from its events. */
export class HealthTable {
  readonly #services = new Map<ServicePortKey, Map<string, EndpointHealth>>();
  readonly #firstTrouble = new Map<ServicePortKey, number>();
  /** Unix milliseconds of the last event about an endpoint in a cluster. */
  readonly #lastHeard = new Map<string, number>();
  readonly #changed: (service: ServicePortKey) => void;

  constructor(changed: (service: ServicePortKey) => void) {
    this.#changed = changed;
  }

  /** Verdicts on one service's endpoints by `address:port`. */
  of(service: ServicePortKey): ReadonlyMap<string, EndpointHealth> {
    return this.#services.get(service) ?? new Map<string, EndpointHealth>();
  }

  /** Unix milliseconds of the first sign of trouble since all verdicts were good. */
  firstTroubleAt(service: ServicePortKey): number | undefined {
    return this.#firstTrouble.get(service);
  }

  /** Takes in one event. */
  take(event: EnvoyHealthEvent): void {
    this.#lastHeard.set(heardKey(event), event.at);
    this.#apply(event);
  }

  #apply(event: EnvoyHealthEvent): void {
    const before = this.of(event.service).get(event.endpoint) ?? UNKNOWN;
    const after = apply(before, event);
    if (after.out === before.out && after.in === before.in && after.ejected === before.ejected) return;
    this.#set(event.service, event.endpoint, after);
    this.#noteTrouble(event.service, event.at);
    this.#changed(event.service);
  }

  /**
   * Takes up what Envoy says of everything: after a reconnect events may have been missed. An event that is not older
   * than the question knows better than the answer, which may have overtaken it on the way.
   * @param askedAt Unix milliseconds at which Envoy was asked
   */
  correct(answers: readonly EnvoyHealthEvent[], askedAt: number): void {
    for (const answer of answers) {
      if ((this.#lastHeard.get(heardKey(answer)) ?? 0) < askedAt) this.#apply(answer);
    }
  }

  /** Forgets what the callers' cluster said of endpoints that are no longer checked there. */
  forgetUnchecked(service: ServicePortKey, endpoints: readonly string[]): void {
    for (const endpoint of endpoints) {
      const known = this.#services.get(service)?.get(endpoint);
      if (known !== undefined && known.out !== "unknown") this.#set(service, endpoint, { ...known, out: "unknown" });
    }
  }

  /** Forgets endpoints that are gone, and the service when none is left. */
  retain(service: ServicePortKey, endpoints: ReadonlySet<string>): void {
    const known = this.#services.get(service);
    if (known === undefined) return;
    for (const endpoint of known.keys()) {
      if (endpoints.has(endpoint)) continue;
      known.delete(endpoint);
      for (const view of ["in", "out"]) {
        for (const kind of ["check", "outlier"]) this.#lastHeard.delete(`${service} ${endpoint} ${view} ${kind}`);
      }
    }
    if (known.size === 0) this.#services.delete(service);
  }

  #set(service: ServicePortKey, endpoint: string, health: EndpointHealth): void {
    const endpoints = this.#services.get(service);
    if (endpoints === undefined) this.#services.set(service, new Map([[endpoint, health]]));
    else endpoints.set(endpoint, health);
  }

  #noteTrouble(service: ServicePortKey, at: number): void {
    const well = [...this.of(service).values()].every(
      (health) => health.in !== "failing" && health.out !== "failing" && !health.ejected,
    );
    if (well) this.#firstTrouble.delete(service);
    else if (!this.#firstTrouble.has(service)) this.#firstTrouble.set(service, at);
  }
}

function heardKey({ service, endpoint, view, kind }: EnvoyHealthEvent): string {
  return `${service} ${endpoint} ${view} ${kind}`;
}

function apply(before: EndpointHealth, event: EnvoyHealthEvent): EndpointHealth {
  switch (event.kind) {
    case "check":
      return event.view === "in" ? { ...before, in: event.state } : { ...before, out: event.state };
    case "outlier":
      // Ejection by the cluster that answers peers is its own business: callers here do not use it.
      return event.view === "in" ? before : { ...before, ejected: event.ejected };
  }
}
