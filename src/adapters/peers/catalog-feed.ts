/**
 * Tells other agents what this one knows: everything at first, then each change.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { CatalogEntry, CatalogMessage } from "../../model/catalog.ts";
import type { ServiceKey } from "../../model/service-key.ts";

const BEAT_MS = 1_000;

/** Envoy hears of a change before other agents do, and these hear of a burst of changes at once. In milliseconds. */
const GATHER_MS = 10;

/** A listener that has not taken this much is cut off: it comes back and hears the latest instead of a backlog. In bytes. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Most listeners at once: all gateways of 15 peers and of the own site, with room. */
const MOST_LISTENERS = 256;

/** Most listeners of one site, whose gateways share an identity: as many as it can have gateways. */
const MOST_OF_A_SITE = 32;

interface Listener {
  readonly response: ServerResponse;
  readonly site: string;
}

/** Sites that hear of something. */
export type Audience = "everybody" | ReadonlySet<string>;

const NO_SITES: ReadonlySet<string> = new Set();

/** The catalog as other agents hear it. */
export class CatalogFeed {
  readonly #listeners = new Set<Listener>();
  readonly #everything: (site: string) => Iterable<CatalogMessage>;
  readonly #beat: NodeJS.Timeout;
  /** What was told of each service last, and to whom: told again it would have every agent look at the service for nothing. */
  readonly #told = new Map<ServiceKey, { readonly text: string; readonly sites: ReadonlySet<string> }>();
  /** Lines that wait to be sent together. */
  #waiting: { readonly line: string; readonly to: Audience }[] = [];

  /** @param everything all that a new listener of a site has to be told */
  constructor(everything: (site: string) => Iterable<CatalogMessage>) {
    this.#everything = everything;
    this.#beat = setInterval(() => this.tell({ type: "beat" }), BEAT_MS);
  }

  /** Serves one listener, a gateway of `site`, until it goes. */
  serve(response: ServerResponse, site: string): void {
    const ofSite = [...this.#listeners].filter((other) => other.site === site);
    if (this.#listeners.size >= MOST_LISTENERS || ofSite.length >= MOST_OF_A_SITE) {
      response.writeHead(503).end();
      return;
    }
    const listener = { response, site };
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    for (const message of this.#everything(site)) response.write(`${JSON.stringify(message)}\n`);
    response.write(`${JSON.stringify({ type: "synced" })}\n`);
    this.#listeners.add(listener);
    response.once("close", () => this.#listeners.delete(listener));
  }

  /** Tells the gateways of these sites. */
  tell(message: CatalogMessage, to: Audience = "everybody"): void {
    if (this.#waiting.length === 0) setTimeout(() => this.#send(), GATHER_MS);
    this.#waiting.push({ line: `${JSON.stringify(message)}\n`, to });
  }

  /**
   * Tells these sites, and no others, what there is of a Service. What they heard already is not told again; a site that
   * heard of it before and is not among them any more is told that there is nothing. Returns the sites that are new.
   */
  tellService(service: ServiceKey, entry: CatalogEntry | null, sites: ReadonlySet<string>): ReadonlySet<string> {
    const told = this.#told.get(service);
    const text = JSON.stringify(entry);
    this.#told.set(service, { text, sites });
    const added = sites.difference(told?.sites ?? NO_SITES);
    const to = told?.text === text ? added : sites;
    if (to.size > 0) this.tell({ type: "service", service, entry }, to);
    const left = told?.sites.difference(sites) ?? NO_SITES;
    if (left.size > 0) this.tell({ type: "service", service, entry: null }, left);
    return added;
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.#beat);
    this.#send();
    for (const { response } of this.#listeners) response.end();
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { response, site } of this.#listeners) {
      const lines = waiting.filter(({ to }) => to === "everybody" || to.has(site)).map(({ line }) => line);
      if (response.writableLength > MOST_WAITING) response.destroy();
      else if (lines.length > 0) response.write(lines.join(""));
    }
  }
}
