/**
 * What is exchanged with the agents of peers and of sibling gateways.
 * @module
 */
import { type CatalogClient, listenToCatalog } from "../../adapters/peers/catalog-client.ts";
import { CatalogFeed } from "../../adapters/peers/catalog-feed.ts";
import type { PeerCredentials } from "../../adapters/peers/peer-connection.ts";
import type { CatalogEntry, CatalogMessage, SiteRecord } from "../../model/catalog.ts";
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
  holds(): Iterable<readonly [ServicePortKey, readonly string[]]>;
  admit(site: SiteRecord): Promise<void>;
  /** A switch was heard of and has to be kept. */
  switchHeard(): void;
  look(changes: KnowledgeChanges): void;
}

/** The exchange with all other agents. */
export class PeerExchange {
  readonly feed: CatalogFeed;
  readonly #sources: ExchangeSources;
  readonly #clients = new Map<string, CatalogClient>();
  #closed = false;

  constructor(sources: ExchangeSources) {
    this.#sources = sources;
    this.feed = new CatalogFeed((sibling) => this.#everything(sibling));
  }

  /** Listens to exactly the gateways that are to be listened to now. */
  update(): void {
    if (this.#closed) return;
    const wanted = new Map(
      this.#sources
        .targets()
        .map((peer) => [`${peer.site}/${peer.gateway}@${peer.target.address}:${peer.target.port}`, peer]),
    );
    for (const [key, client] of this.#clients) {
      if (wanted.has(key)) continue;
      client.close();
      this.#clients.delete(key);
    }
    for (const [key, peer] of wanted) if (!this.#clients.has(key)) this.#clients.set(key, this.#listenTo(peer));
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    for (const client of this.#clients.values()) client.close();
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
    if (known === undefined || site.name !== from) return;
    const same = JSON.stringify([known.gateways, known.labels]) === JSON.stringify([site.gateways, site.labels]);
    if (!same)
      this.#admit({
        ...known,
        gateways: site.gateways,
        labels: site.labels,
        at: Math.max(site.at, known.at + 1),
      });
  }

  /** What others tell is in force even where it cannot be kept; that it could not has been logged by then. */
  #admit(site: SiteRecord): void {
    this.#sources.admit(site).catch(() => {});
  }

  *#everything(sibling: boolean): Iterable<CatalogMessage> {
    const { own, knowledge, members } = this.#sources;
    yield { type: "hello", site: own.site, gateway: own.gateway };
    yield { type: "draining", draining: this.#sources.draining() };
    yield { type: "site", site: this.#sources.ownSite() };
    for (const [service, entry] of this.#sources.offered()) yield { type: "service", service, entry };
    for (const record of knowledge.switches()) yield { type: "switch", switch: record };
    if (!sibling) return;
    for (const site of members.all()) yield { type: "member", site };
    for (const [service, sites] of this.#sources.holds()) yield { type: "holds", service, sites: [...sites] };
  }
}
