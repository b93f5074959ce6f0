/**
 * Tells other agents what this one knows: everything at first, then each change.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { CatalogMessage } from "../../model/catalog.ts";

const BEAT_MS = 1_000;

/** Envoy hears of a change before other agents do, and these hear of a burst of changes at once. In milliseconds. */
const GATHER_MS = 10;

/** A listener that has not taken this much is cut off: it comes back and hears the latest instead of a backlog. In bytes. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Most listeners at once: all gateways of 15 peers and of the own site, with room. */
const MOST_LISTENERS = 256;

interface Listener {
  readonly response: ServerResponse;
  /** A gateway of the own site: it hears more. */
  readonly sibling: boolean;
}

/** The catalog as other agents hear it. */
export class CatalogFeed {
  readonly #listeners = new Set<Listener>();
  readonly #everything: (sibling: boolean) => Iterable<CatalogMessage>;
  readonly #beat: NodeJS.Timeout;
  /** What was told of each service last: told again it would have every agent look at the service for nothing. */
  readonly #told = new Map<string, string>();
  /** Lines that wait to be sent together. */
  #waiting: { readonly line: string; readonly siblingsOnly: boolean }[] = [];

  /** @param everything all that a new listener has to be told */
  constructor(everything: (sibling: boolean) => Iterable<CatalogMessage>) {
    this.#everything = everything;
    this.#beat = setInterval(() => this.tell({ type: "beat" }), BEAT_MS);
  }

  /** Serves one listener until it goes. */
  serve(response: ServerResponse, sibling: boolean): void {
    if (this.#listeners.size >= MOST_LISTENERS) {
      response.writeHead(503).end();
      return;
    }
    const listener = { response, sibling };
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    for (const message of this.#everything(sibling)) response.write(`${JSON.stringify(message)}\n`);
    response.write(`${JSON.stringify({ type: "synced" })}\n`);
    this.#listeners.add(listener);
    response.once("close", () => this.#listeners.delete(listener));
  }

  /** Tells everybody, or only the gateways of the own site. A service's entry is told only when it changed. */
  tell(message: CatalogMessage, to: "everybody" | "siblings" = "everybody"): void {
    const line = `${JSON.stringify(message)}\n`;
    if (message.type === "service") {
      if (this.#told.get(message.service) === line) return;
      this.#told.set(message.service, line);
    }
    if (this.#waiting.length === 0) setTimeout(() => this.#send(), GATHER_MS);
    this.#waiting.push({ line, siblingsOnly: to === "siblings" });
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
    for (const { response, sibling } of this.#listeners) {
      const lines = waiting.filter(({ siblingsOnly }) => sibling || !siblingsOnly).map(({ line }) => line);
      if (response.writableLength > MOST_WAITING) response.destroy();
      else if (lines.length > 0) response.write(lines.join(""));
    }
  }
}
