import type { EnvoyHealthEvent } from "../model/envoy-event.ts";
import type { ServicePortKey } from "../model/service-key.ts";
import type { EndpointHealth } from "../model/service-view.ts";

const UNKNOWN: EndpointHealth = { out: "unknown", in: "unknown", ejected: false };

/** Signs of trouble that come closer together than this, in milliseconds, belong to one outage. */
const SAME_OUTAGE_MS = 10_000;

/** Envoy begins to check an endpoint at most this long, in milliseconds, after it was decided: until then it says that all is well. */
const CHECKS_BEGIN_WITHIN_MS = 1_000;

/** Until Envoy checks the endpoint: what it says of one that it does not check is that it is well. */
const NEVER = Number.POSITIVE_INFINITY;

/** An endpoint as Envoy is programmed with it. */
export interface FollowedEndpoint {
  /** `address:port`. */
  readonly endpoint: string;
  /** Whether the callers' cluster checks it. */
  readonly checked: boolean;
}

type Heard = Pick<EnvoyHealthEvent, "service" | "endpoint" | "view" | "kind">;

/** Envoy's verdicts on all endpoints, by service, kept up to date from its events. */
export class HealthTable {
  readonly #services = new Map<ServicePortKey, Map<string, EndpointHealth>>();
  readonly #followed = new Map<ServicePortKey, readonly string[]>();
  /** What local endpoints are asked, by service and endpoint. */
  readonly #questions = new Map<ServicePortKey, ReadonlyMap<string, string>>();
  /** First and last sign of the latest outage, in Unix milliseconds. */
  readonly #trouble = new Map<ServicePortKey, { readonly first: number; readonly last: number }>();
  /** By {@link heardKey}: an answer to a question asked before this moment (Unix milliseconds) does not count, {@link NEVER} none. */
  readonly #answersCountFrom = new Map<string, number>();
  readonly #changed: (service: ServicePortKey) => void;

  constructor(changed: (service: ServicePortKey) => void) {
    this.#changed = changed;
  }

  /** Verdicts on one service's endpoints by `address:port`. */
  of(service: ServicePortKey): ReadonlyMap<string, EndpointHealth> {
    return this.#services.get(service) ?? new Map<string, EndpointHealth>();
  }

  /**
   * Unix milliseconds of the first sign of the latest outage; undefined while all verdicts are good. One endpoint that
   * has been failing for days is not the first sign of what happens to the others now.
   */
  firstTroubleAt(service: ServicePortKey): number | undefined {
    return this.#trouble.get(service)?.first;
  }

  /** Services with an endpoint that is not well. */
  unwell(): readonly ServicePortKey[] {
    return [...this.#services].flatMap(([service, endpoints]) =>
      [...endpoints.values()].every(isWell) ? [] : [service],
    );
  }

  /** Takes in one event. */
  take(event: EnvoyHealthEvent): void {
    this.#answersCountFrom.set(heardKey(event), event.at + 1);
    this.#apply(event);
  }

  #apply(event: EnvoyHealthEvent): void {
    const before = this.of(event.service).get(event.endpoint) ?? UNKNOWN;
    const after = apply(before, event);
    if (after.out === before.out && after.in === before.in && after.ejected === before.ejected) return;
    this.#set(event.service, event.endpoint, after);
    if (isWorse(before, after)) this.#noteTrouble(event.service, event.at);
    else this.#noteRecovery(event.service);
    this.#changed(event.service);
  }

  /**
   * Takes up what Envoy says of everything: after a reconnect events may have been missed. An event that is not older
   * than the question knows better than the answer, which may have overtaken it on the way.
   * @param askedAt Unix milliseconds at which Envoy was asked
   */
  correct(answers: readonly EnvoyHealthEvent[], askedAt: number): void {
    for (const answer of answers) {
      if ((this.#answersCountFrom.get(heardKey(answer)) ?? 0) <= askedAt) this.#apply(answer);
    }
  }

  /**
   * Says what local endpoints are asked from now on. Answers to another question are worth nothing: what was passed under it
   * may fail under the new one, and Envoy takes an endpoint that it asks something else for one that fails until it answers.
   * @param questions by `address:port`
   */
  ask(service: ServicePortKey, questions: ReadonlyMap<string, string>, now: number): void {
    const before = this.#questions.get(service);
    this.#questions.set(service, questions);
    for (const [endpoint, question] of questions) {
      const asked = before?.get(endpoint);
      if (asked !== undefined && asked !== question) this.#forgetAnswers(service, endpoint, now);
    }
  }

  #forgetAnswers(service: ServicePortKey, endpoint: string, now: number): void {
    const health = this.of(service).get(endpoint);
    if (health !== undefined) this.#set(service, endpoint, { ...health, out: "unknown", in: "unknown" });
    for (const view of ["in", "out"] as const) {
      const key = heardKey({ service, endpoint, view, kind: "check" });
      if (this.#answersCountFrom.get(key) !== NEVER) this.#answersCountFrom.set(key, now + CHECKS_BEGIN_WITHIN_MS);
    }
  }

  /**
   * Follows what Envoy is programmed with: forgets endpoints that are gone, and what the callers' cluster said of those
   * that it does not check. Of these Envoy would answer that they are well: only what it says once it checks them counts.
   * Where checking begins or ends Envoy makes a new host of the endpoint: without a word the old one's ejection is over.
   */
  follow(service: ServicePortKey, endpoints: readonly FollowedEndpoint[], now: number): void {
    const followed = endpoints.map(({ endpoint }) => endpoint);
    const before = [...(this.#followed.get(service) ?? []), ...this.of(service).keys()];
    for (const gone of new Set(before).difference(new Set(followed))) this.#forget(service, gone);
    if (followed.length === 0) this.#followed.delete(service);
    else this.#followed.set(service, followed);
    for (const { endpoint, checked } of endpoints) this.#followOne(service, { endpoint, checked }, now);
    this.#noteRecovery(service);
  }

  /** Forgets a service. */
  forget(service: ServicePortKey): void {
    this.#questions.delete(service);
    this.follow(service, [], 0);
  }

  #followOne(service: ServicePortKey, { endpoint, checked }: FollowedEndpoint, now: number): void {
    const key = heardKey({ service, endpoint, view: "out", kind: "check" });
    const wasChecked = this.#answersCountFrom.get(key) !== NEVER;
    if (checked === wasChecked) return;
    this.#answersCountFrom.set(key, checked ? now + CHECKS_BEGIN_WITHIN_MS : NEVER);
    const known = this.of(service).get(endpoint);
    if (known === undefined) return;
    this.#set(service, endpoint, { ...known, out: "unknown", ejected: false });
    if (known.ejected) this.#changed(service);
  }

  #forget(service: ServicePortKey, endpoint: string): void {
    const known = this.#services.get(service);
    known?.delete(endpoint);
    if (known?.size === 0) this.#services.delete(service);
    for (const view of ["in", "out"] as const)
      for (const kind of ["check", "outlier"] as const)
        this.#answersCountFrom.delete(heardKey({ service, endpoint, view, kind }));
  }

  #set(service: ServicePortKey, endpoint: string, health: EndpointHealth): void {
    const endpoints = this.#services.get(service);
    if (endpoints === undefined) this.#services.set(service, new Map([[endpoint, health]]));
    else endpoints.set(endpoint, health);
  }

  #noteTrouble(service: ServicePortKey, at: number): void {
    const before = this.#trouble.get(service);
    const first = before !== undefined && at - before.last <= SAME_OUTAGE_MS ? before.first : at;
    this.#trouble.set(service, { first, last: at });
  }

  #noteRecovery(service: ServicePortKey): void {
    if ([...this.of(service).values()].every(isWell)) this.#trouble.delete(service);
  }
}

function isWell(health: EndpointHealth): boolean {
  return health.in !== "failing" && health.out !== "failing" && !health.ejected;
}

function isWorse(before: EndpointHealth, after: EndpointHealth): boolean {
  return (
    (after.in === "failing" && before.in !== "failing") ||
    (after.out === "failing" && before.out !== "failing") ||
    (after.ejected && !before.ejected)
  );
}

/** What one kind of verdict on one endpoint is known by. */
function heardKey({ service, endpoint, view, kind }: Heard): string {
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
