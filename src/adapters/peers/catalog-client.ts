/**
 * Listens to one other agent's catalog, for as long as it takes, reconnecting with jittered pauses.
 * @module
 */
import type { TLSSocket } from "node:tls";
import type { CatalogMessage } from "../../model/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { linesOf, parseLine } from "./catalog-line.ts";
import { callPeer, connectToPeer, type PeerCredentials } from "./peer-connection.ts";

/** A beat comes every second; a peer that is silent for this long is gone, whatever TCP says. */
const SILENCE_MS = 5_000;

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Whom to listen to, and what to do with what is heard. */
export interface CatalogSubscription {
  readonly site: string;
  readonly gateway: string;
  readonly target: { readonly address: string; readonly port: number };
  /** Read anew at each attempt: certificates are renewed. */
  credentials(): PeerCredentials;
  connected(): void;
  message(message: CatalogMessage): void;
  disconnected(): void;
}

/** A running subscription. */
export interface CatalogClient {
  close(): void;
}

/** Starts listening. A peer that is down delays nothing. */
export function listenToCatalog(
  subscription: CatalogSubscription,
  tools: { readonly clock: Clock; readonly log: Logger; readonly random: () => number },
): CatalogClient {
  let closed = false;
  let socket: TLSSocket | undefined;
  let pause = FIRST_PAUSE_MS;
  let cancel: (() => void) | undefined;

  const attempt = async (): Promise<void> => {
    let heard = false;
    try {
      const connection = await connectToPeer(subscription.target, subscription.credentials());
      socket = connection;
      if (closed) return;
      // From here on: a peer that takes the request and never answers is gone as well.
      const watchdog = new Watchdog(tools.clock, () =>
        connection.destroy(new Error(`nothing heard for ${SILENCE_MS} ms`)),
      );
      const take = lineTaker(subscription, tools.log);
      try {
        const { response } = await callPeer(connection, { method: "GET", path: "/v1/catalog" });
        if (response.statusCode !== 200) throw new Error(`the peer's agent answered ${response.statusCode ?? 0}`);
        heard = true;
        pause = FIRST_PAUSE_MS;
        watchdog.kick();
        subscription.connected();
        for await (const line of linesOf(response)) {
          watchdog.kick();
          take(line);
        }
      } finally {
        watchdog.stop();
      }
    } catch (error) {
      if (!closed)
        tools.log.warn("catalog_stream_failed", {
          site: subscription.site,
          gateway: subscription.gateway,
          error: String(error),
        });
    } finally {
      socket?.destroy();
      if (heard) subscription.disconnected();
    }
    if (closed) return;
    cancel = tools.clock.after(pause * (0.5 + tools.random()), () => void attempt());
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  };

  void attempt();
  return {
    close: () => {
      closed = true;
      cancel?.();
      socket?.destroy();
    },
  };
}

/** Passes on what lines say. A bad one is skipped and logged, the first of a stream only: it may come every second. */
function lineTaker(subscription: CatalogSubscription, log: Logger): (line: string) => void {
  let logged = false;
  return (line) => {
    const { message, problem } = parseLine(line);
    if (message !== undefined) subscription.message(message);
    if (problem === undefined || logged) return;
    logged = true;
    log.warn("catalog_line_skipped", { site: subscription.site, gateway: subscription.gateway, problem });
  };
}

class Watchdog {
  readonly #clock: Clock;
  readonly #bark: () => void;
  #cancel: () => void;

  constructor(clock: Clock, bark: () => void) {
    this.#clock = clock;
    this.#bark = bark;
    this.#cancel = clock.after(SILENCE_MS, bark);
  }

  kick(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(SILENCE_MS, this.#bark);
  }

  stop(): void {
    this.#cancel();
  }
}
