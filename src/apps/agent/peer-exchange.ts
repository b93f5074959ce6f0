/**
 * What is exchanged with the agents of peers and of sibling gateways.
 * @module
 */
import { type CatalogClient, listenToCatalog } from "../../adapters/peers/catalog-client.ts";
import { CatalogFeed } from "../../adapters/peers/catalog-feed.ts";
import type { PeerCredentials } from "../../adapters/peers/peer-connection.ts";
import type { CatalogEntry, CatalogMessage, HeldSite, SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import type { ServiceKey, ServicePortKey } from "../../model/service-key.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Members } from "../../runtime/members.ts";
import type { KnowledgeChanges, PeerKnowledge } from "../../runtime/peer-knowledge.ts";

interface PeerGatewayTarget {
  readonly site: string;
  readonly gateway: string;
  readonly target: { readonly address: string; readonly port: number };
}

/** Where what is told comes from, and where what is heard goes. */
export interface ExchangeSources {
  readonly own: { readonly site: string; readonly gateway: string };
  readonly members: Members;
  readonly knowledge: PeerKnowledge;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** All gateways whose agents are listened to. */
  targets(): readonly PeerGatewayTarget[];
  credentialsFor(site: string): PeerCredentials;
  ownSite(): SiteRecord;
  draining(): boolean;
  offered(): Iterable<readonly [ServiceKey, CatalogEntry]>;
  /** Sites that the policy of a Service lists here. */
  sitesOf(service: ServiceKey): readonly string[];
  holds(): Iterable<readonly [ServicePortKey, readonly HeldSite[]]>;
  /** How each service is, for controllers. */
  reports(): Iterable<CatalogMessage>;
  /** Which siblings do not answer, for controllers. */
  siblings(): Iterable<CatalogMessage>;
  admit(site: SiteRecord): Promise<void>;
  /** A switch was heard of and has to be kept. */
  switchHeard(): void;
  look(changes: KnowledgeChanges): void;
}

/** The exchange with all other agents. */
export class PeerExchange {
  readonly feed: CatalogFeed;
  readonly #sources: ExchangeSources;
  readonly #clients = new Map<string, { readonly peer: PeerGatewayTarget; readonly client: CatalogClient }>();
  /** What was told last of the own site. */
  #toldSite = "";
  #closed = false;

  constructor(sources: ExchangeSources) {
    this.#sources = sources;
    this.feed = new CatalogFeed((site) => this.#everything(site));
  }

  /** Listens to exactly the gateways that are to be listened to now, and tells of the own site if that changed. */
  update(): void {
    if (this.#closed) return;
    this.#tellSite();
    const wanted = new Map(
      this.#sources
        .targets()
        .map((peer) => [`${peer.site}/${peer.gateway}@${peer.target.address}:${peer.target.port}`, peer]),
    );
    const present = new Set([...wanted.values()].map(({ site, gateway }) => `${site}/${gateway}`));
    for (const [key, { peer, client }] of this.#clients) {
      if (wanted.has(key)) continue;
      client.close();
      this.#clients.delete(key);
      if (!present.has(`${peer.site}/${peer.gateway}`)) this.#sources.knowledge.forget(peer.site, peer.gateway);
    }
    for (const [key, peer] of wanted)
      if (!this.#clients.has(key)) this.#clients.set(key, { peer, client: this.#listenTo(peer) });
  }

  /** Tells what the own site has of a Service to those who may hear of it; who is new among them also hears of its switch. */
  tellService(service: ServiceKey, entry: CatalogEntry | null): void {
    const added = this.feed.tellService(service, entry, this.#audienceOf(service));
    if (added.size === 0) return;
    const record = this.#sources.knowledge.switches().find((known) => known.service === service);
    if (record !== undefined) this.feed.tell({ type: "switch", switch: record }, added);
  }

  /** Tells of a switch to those who may hear of its Service. */
  tellSwitch(record: SwitchRecord): void {
    this.feed.tell({ type: "switch", switch: record }, this.#audienceOf(record.service));
  }

  /** Tells the other gateways of the own site. */
  tellSiblings(message: CatalogMessage): void {
    this.feed.tell(message, new Set([this.#sources.own.site]));
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    for (const { client } of this.#clients.values()) client.close();
    this.feed.close();
  }

  #listenTo(peer: PeerGatewayTarget): CatalogClient {
    const { clock, log, random, knowledge } = this.#sources;
    return listenToCatalog(
      {
        ...peer,
        credentials: () => this.#sources.credentialsFor(peer.site),
        connected: () => knowledge.connected(peer.site, peer.gateway),
        message: (message) => this.#take(peer, message),
        disconnected: () => this.#sources.look(knowledge.disconnected(peer.site, peer.gateway)),
      },
      { clock, log, random },
    );
  }

  #take(peer: PeerGatewayTarget, message: CatalogMessage): void {
    const { own, knowledge } = this.#sources;
    if (message.type === "member" && peer.site === own.site) {
      this.#admit(message.site);
      return;
    }
    if (message.type === "site" && peer.site !== own.site) {
      this.#takeSite(peer.site, message.site);
      return;
    }
    const changes = knowledge.take(peer.site, peer.gateway, message);
    if (message.type === "switch" && changes.services.size > 0) this.#sources.switchHeard();
    this.#sources.look(changes);
  }

  /** A member may say where its gateways are now; never who vouches for it: its name and authority were bound when it joined. */
  #takeSite(from: string, site: SiteRecord): void {
    const known = this.#sources.members.get(from);
    // A site whose own manifest is missing for a moment must not lose the way to its gateways.
    if (known === undefined || site.name !== from || site.gateways.length === 0) return;
    const same = JSON.stringify([known.gateways, known.labels]) === JSON.stringify([site.gateways, site.labels]);
    if (!same)
      this.#admit({
        ...known,
        gateways: site.gateways,
        labels: site.labels,
        at: Math.max(site.at, known.at + 1),
      });
  }

  #tellSite(): void {
    const site = this.#sources.ownSite();
    const text = JSON.stringify([site.gateways, site.labels]);
    if (text === this.#toldSite || site.gateways.length === 0) return;
    this.#toldSite = text;
    this.feed.tell({ type: "site", site });
  }

  /** The own site, and those that the policy of a Service lists. */
  #audienceOf(service: ServiceKey): ReadonlySet<string> {
    return new Set([this.#sources.own.site, ...this.#sources.sitesOf(service)]);
  }

  /** What others tell is in force even where it cannot be kept; that it could not has been logged by then. */
  #admit(site: SiteRecord): void {
    this.#sources.admit(site).catch(() => {});
  }

  *#everything(listener: string): Iterable<CatalogMessage> {
    const { own, knowledge, members } = this.#sources;
    const hearsOf = (service: ServiceKey): boolean => this.#audienceOf(service).has(listener);
    yield { type: "draining", draining: this.#sources.draining() };
    yield { type: "site", site: this.#sources.ownSite() };
    for (const [service, entry] of this.#sources.offered())
      if (hearsOf(service)) yield { type: "service", service, entry };
    for (const record of knowledge.switches()) if (hearsOf(record.service)) yield { type: "switch", switch: record };
    if (listener !== own.site) return;
    for (const site of members.all()) yield { type: "member", site };
    for (const [service, sites] of this.#sources.holds()) yield { type: "holds", service, sites: [...sites] };
    yield* this.#sources.reports();
    yield* this.#sources.siblings();
  }
}
