import type { CatalogEntry, CatalogMessage, HeldSite, SwitchRecord } from "../model/catalog.ts";
import { newerSwitch } from "../model/catalog.ts";
import type { LossTrigger } from "../model/service-view.ts";
import { type ServiceKey, serviceOf, type ServicePortKey } from "../model/service-key.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** Most Services that one stream may speak of: several times what a cluster can have. */
const MOST_SERVICES = 20_000;

/** A switch dated further ahead of the own clock than this would outlast what is ordered meanwhile. In milliseconds. */
const FURTHEST_AHEAD_MS = 5 * 60_000;

/** How long a switch that is over is known, for agents that come back with an older record. In milliseconds. */
const OVER_KNOWN_MS = 24 * 60 * 60_000;

/** What the rest of the agent has to do about a message. */
export interface KnowledgeChanges {
  readonly services: ReadonlySet<ServiceKey>;
  /** Every service has to be looked at again. */
  readonly everything: boolean;
}

/** What knowledge of peers is judged by. */
export interface KnowledgeSources {
  readonly clock: Clock;
  readonly log: Logger;
  /** Sites that the policy of a Service lists here; none when it has no policy here. */
  readonly sitesOf: (service: ServiceKey) => readonly string[];
}

interface Stream {
  readonly site: string;
  readonly gateway: string;
  services: Map<ServiceKey, CatalogEntry>;
  /** What has been said since the stream began, until that is everything and takes the place of `services`. */
  said: Map<ServiceKey, CatalogEntry> | undefined;
  /** Switches that no policy here lets the site order. */
  readonly notAllowed: Map<ServiceKey, SwitchRecord>;
  /** Names of what was logged already: a stream that goes on like that must not fill the log. */
  readonly logged: Set<string>;
  readonly holds: Map<ServicePortKey, readonly HeldSite[]>;
  draining: boolean;
  synced: boolean;
  connected: boolean;
}

const NOTHING: KnowledgeChanges = { services: new Set(), everything: false };

/** What other agents have said, by the gateway they stand beside. Nothing of it is needed for a gateway to go on; it makes it know more. */
export class PeerKnowledge {
  readonly #streams = new Map<string, Stream>();
  readonly #switches = new Map<ServiceKey, SwitchRecord>();
  readonly #own: { readonly site: string; readonly gateway: string };
  readonly #sources: KnowledgeSources;

  constructor(own: { readonly site: string; readonly gateway: string }, sources: KnowledgeSources) {
    this.#own = own;
    this.#sources = sources;
  }

  /** A stream from a gateway's agent begins: everything is said again. Until it has been, what was known counts. */
  connected(site: string, gateway: string): void {
    const old = this.#streams.get(`${site}/${gateway}`);
    this.#streams.set(`${site}/${gateway}`, {
      site,
      gateway,
      services: old?.services ?? new Map<ServiceKey, CatalogEntry>(),
      said: new Map(),
      notAllowed: new Map(),
      logged: new Set(),
      holds: new Map(),
      // Until it says otherwise, so that this is a change and is acted on.
      draining: old?.draining ?? false,
      synced: old?.synced ?? false,
      connected: true,
    });
  }

  /** A stream ended. What was offered stays known; what the sibling held is no longer vouched for. */
  disconnected(site: string, gateway: string): KnowledgeChanges {
    const stream = this.#streams.get(`${site}/${gateway}`);
    if (stream === undefined) return NOTHING;
    stream.connected = false;
    stream.holds.clear();
    return { services: new Set(), everything: site === this.#own.site };
  }

  /** A gateway has left its site: nothing that it said counts any more. */
  forget(site: string, gateway: string): void {
    this.#streams.delete(`${site}/${gateway}`);
  }

  /** Takes in a message of a gateway whose identity has been verified. */
  take(site: string, gateway: string, message: CatalogMessage): KnowledgeChanges {
    const stream = this.#streams.get(`${site}/${gateway}`);
    if (stream === undefined) return NOTHING;
    switch (message.type) {
      case "service":
        return this.#takeService(stream, message);
      case "switch":
        return this.#takeSwitchOf(stream, message.switch)
          ? { services: new Set([message.switch.service]), everything: false }
          : NOTHING;
      case "draining": {
        const changed = stream.draining !== message.draining;
        stream.draining = message.draining;
        return { services: new Set(), everything: changed };
      }
      case "holds": {
        if (site !== this.#own.site) return NOTHING;
        stream.holds.set(message.service, message.sites);
        return { services: new Set([serviceOf(message.service)]), everything: false };
      }
      case "synced":
        return this.#takeEverything(stream);
      case "report":
      case "siblings":
      case "site":
      case "member":
      case "beat":
        return NOTHING;
    }
  }

  /** Remembers a switch unless a newer one is known; says whether it is news. */
  takeSwitch(record: SwitchRecord): boolean {
    const known = this.#switches.get(record.service);
    const isNews = known === undefined ? !this.#isForgotten(record) : newerSwitch(known, record) !== known;
    if (isNews) this.#switches.set(record.service, record);
    return isNews;
  }

  /** Remembers a switch that was ordered here. It counts whatever is known: a clock that is ahead elsewhere forbids no order. */
  orderSwitch(ordered: SwitchRecord): SwitchRecord {
    const known = this.#switches.get(ordered.service);
    const record = known === undefined ? ordered : { ...ordered, at: Math.max(ordered.at, known.at + 1) };
    this.#switches.set(record.service, record);
    return record;
  }

  /** The policies of Services may have changed: takes the switches that they allow now. Says whether there was one. */
  policiesChanged(services: Iterable<ServiceKey>): boolean {
    let news = false;
    for (const service of services) {
      for (const stream of this.#streams.values()) {
        const record = stream.notAllowed.get(service);
        if (record !== undefined && this.#takeSwitchOf(stream, record)) news = true;
      }
    }
    return news;
  }

  /** The latest switch known of a Service, in force or over. */
  latestSwitch(service: ServiceKey): SwitchRecord | undefined {
    return this.#switches.get(service);
  }

  /** The switch in force of a Service, tombstones and expired ones left out. */
  switchOf(service: ServiceKey, now: number): SwitchRecord | undefined {
    const record = this.#switches.get(service);
    if (record === undefined || record.over || (record.until !== undefined && record.until <= now)) return undefined;
    return record;
  }

  /** All switches known, tombstones included, but for those that have been over for a day. */
  switches(): readonly SwitchRecord[] {
    for (const [service, record] of this.#switches) if (this.#isForgotten(record)) this.#switches.delete(service);
    return [...this.#switches.values()];
  }

  /** Whether a site offers a Service; undefined while none of its agents has said everything once. */
  offers(site: string, service: ServiceKey): boolean | undefined {
    const streams = [...this.#streams.values()].filter((stream) => stream.site === site && stream.synced);
    return streams.length === 0 ? undefined : streams.some((stream) => stream.services.has(service));
  }

  /** What a site says of a Service: its best-informed agent. */
  entry(site: string, service: ServiceKey): CatalogEntry | undefined {
    for (const stream of this.#streams.values()) {
      const entry = stream.site === site ? stream.services.get(service) : undefined;
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Whether a gateway has announced that it is going away. */
  draining(site: string, gateway: string): boolean {
    return this.#streams.get(`${site}/${gateway}`)?.draining ?? false;
  }

  /** Whether any agent of a site is being listened to. */
  isConnected(site: string): boolean {
    return [...this.#streams.values()].some((stream) => stream.site === site && stream.connected);
  }

  /** Sites that siblings hold back for a service, and why. */
  siblingHolds(service: ServicePortKey): ReadonlyMap<string, LossTrigger> {
    const sites = new Map<string, LossTrigger>();
    for (const stream of this.#streams.values()) {
      if (stream.site !== this.#own.site || !stream.connected) continue;
      for (const { site, trigger } of stream.holds.get(service) ?? []) sites.set(site, trigger);
    }
    return sites;
  }

  #takeService(stream: Stream, { service, entry }: CatalogMessage & { type: "service" }): KnowledgeChanges {
    const services = stream.said ?? stream.services;
    const offered = services.has(service);
    if (entry === null) services.delete(service);
    else if (offered || services.size < MOST_SERVICES) services.set(service, entry);
    else this.#logOnce(stream, "catalog_too_large", { services: MOST_SERVICES });
    const changed = stream.said === undefined && services.has(service) !== offered;
    return changed ? { services: new Set([service]), everything: false } : NOTHING;
  }

  /** Everything has been said: what was not said again is not offered any more. */
  #takeEverything(stream: Stream): KnowledgeChanges {
    const { said } = stream;
    if (said === undefined) return NOTHING;
    const services = new Set(stream.services.keys()).symmetricDifference(said);
    stream.services = said;
    stream.said = undefined;
    const first = !stream.synced;
    stream.synced = true;
    return { services, everything: first };
  }

  /** A peer orders switches of those Services only whose policy lists it here. */
  #takeSwitchOf(stream: Stream, record: SwitchRecord): boolean {
    const { clock, sitesOf } = this.#sources;
    const { service, at } = record;
    const aheadMs = at - clock.now();
    if (aheadMs > FURTHEST_AHEAD_MS) {
      this.#logOnce(stream, "switch_refused", { service, aheadMs });
      return false;
    }
    if (stream.site === this.#own.site || sitesOf(service).includes(stream.site)) {
      stream.notAllowed.delete(service);
      return this.takeSwitch(record);
    }
    if (stream.notAllowed.size < MOST_SERVICES) stream.notAllowed.set(service, record);
    return false;
  }

  #isForgotten(record: SwitchRecord): boolean {
    const end = record.over ? record.at : record.until;
    return end !== undefined && end + OVER_KNOWN_MS <= this.#sources.clock.now();
  }

  #logOnce(stream: Stream, event: string, fields: Readonly<Record<string, unknown>>): void {
    if (stream.logged.has(event)) return;
    stream.logged.add(event);
    this.#sources.log.warn(event, { site: stream.site, gateway: stream.gateway, ...fields });
  }
}
