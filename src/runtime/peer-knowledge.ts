import type { CatalogEntry, CatalogMessage, SwitchRecord } from "../model/catalog.ts";
import { newerSwitch } from "../model/catalog.ts";
import type { ServiceKey, ServicePortKey } from "../model/service-key.ts";

/** What the rest of the agent has to do about a message. */
export interface KnowledgeChanges {
  readonly services: ReadonlySet<ServiceKey>;
  /** Every service has to be looked at again. */
  readonly everything: boolean;
}

interface Stream {
  readonly site: string;
  readonly gateway: string;
  readonly services: Map<ServiceKey, CatalogEntry>;
  readonly holds: Map<ServicePortKey, ReadonlySet<string>>;
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

  constructor(own: { readonly site: string; readonly gateway: string }) {
    this.#own = own;
  }

  /** A stream from a gateway's agent begins: everything is said again. */
  connected(site: string, gateway: string): void {
    const old = this.#streams.get(`${site}/${gateway}`);
    this.#streams.set(`${site}/${gateway}`, {
      site,
      gateway,
      services: old?.services ?? new Map<ServiceKey, CatalogEntry>(),
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

  /** Takes in a message of a gateway whose identity has been verified. */
  take(site: string, gateway: string, message: CatalogMessage): KnowledgeChanges {
    const stream = this.#streams.get(`${site}/${gateway}`);
    if (stream === undefined) return NOTHING;
    switch (message.type) {
      case "service":
        return this.#takeService(stream, message);
      case "switch":
        return this.takeSwitch(message.switch)
          ? { services: new Set([message.switch.service]), everything: false }
          : NOTHING;
      case "draining": {
        const changed = stream.draining !== message.draining;
        stream.draining = message.draining;
        return { services: new Set(), everything: changed };
      }
      case "holds": {
        if (site !== this.#own.site) return NOTHING;
        stream.holds.set(message.service, new Set(message.sites));
        return {
          services: new Set([message.service.slice(0, message.service.lastIndexOf("/")) as ServiceKey]),
          everything: false,
        };
      }
      case "synced": {
        const first = !stream.synced;
        stream.synced = true;
        return { services: new Set(), everything: first };
      }
      case "hello":
      case "site":
      case "member":
      case "beat":
        return NOTHING;
    }
  }

  /** Remembers a switch unless a newer one is known; says whether it is news. */
  takeSwitch(record: SwitchRecord): boolean {
    const known = this.#switches.get(record.service);
    const counts = known === undefined ? record : newerSwitch(known, record);
    if (counts === known) return false;
    this.#switches.set(record.service, counts);
    return true;
  }

  /** The switch in force of a Service, tombstones and expired ones left out. */
  switchOf(service: ServiceKey, now: number): SwitchRecord | undefined {
    const record = this.#switches.get(service);
    if (record === undefined || record.over || (record.until !== undefined && record.until <= now)) return undefined;
    return record;
  }

  /** All switches known, tombstones included. */
  switches(): readonly SwitchRecord[] {
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

  /** Sites that siblings hold back for a service. */
  siblingHolds(service: ServicePortKey): ReadonlySet<string> {
    const sites = new Set<string>();
    for (const stream of this.#streams.values()) {
      if (stream.site !== this.#own.site || !stream.connected) continue;
      for (const site of stream.holds.get(service) ?? []) sites.add(site);
    }
    return sites;
  }

  #takeService(stream: Stream, message: CatalogMessage & { type: "service" }): KnowledgeChanges {
    const before = stream.services.get(message.service);
    if (message.entry === null) stream.services.delete(message.service);
    else stream.services.set(message.service, message.entry);
    const offered = before !== undefined;
    return offered === (message.entry !== null) ? NOTHING : { services: new Set([message.service]), everything: false };
  }
}
