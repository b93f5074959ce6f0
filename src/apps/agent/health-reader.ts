import { readHealth } from "../../adapters/envoy/admin-client.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { HealthTable } from "../../runtime/health-table.ts";

/** Envoy pushes its verdicts; now and then they are read as well, should an event ever have been lost. */
const ROUND_MS = 60_000;

/** Shortest pause in such a round: each question costs Envoy's main thread a look at all clusters, 5 ms where there are 4,000. */
const SHORTEST_PAUSE_MS = 2_000;

/** Of services that are not well some are read more often: when Envoy makes a host anew, the old one's ejection ends without an event. */
const UNWELL_EVERY_MS = 1_000;

/** Services read at once: more of them would keep Envoy's main thread from taking a change for longer than the change takes. */
const PART = 10;

/** What reading needs. */
export interface HealthReaderSources {
  readonly adminSocket: string;
  readonly health: HealthTable;
  /** All services that Envoy is programmed with. */
  readonly services: () => readonly ServicePortKey[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Reads Envoy's verdicts, so that what was not pushed is not missed for long. */
export class HealthReader {
  readonly #sources: HealthReaderSources;
  readonly #envoyIsThere: () => boolean;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param envoyIsThere whether there is anybody to ask */
  constructor(sources: HealthReaderSources, envoyIsThere: () => boolean) {
    this.#sources = sources;
    this.#envoyIsThere = envoyIsThere;
  }

  /** Reads again and again until it is closed. */
  open(): void {
    const { services, health } = this.#sources;
    this.#goRound("all", services, (count) =>
      Math.max(SHORTEST_PAUSE_MS, ROUND_MS / Math.max(1, Math.ceil(count / PART))),
    );
    this.#goRound(
      "unwell",
      () => health.unwell(),
      () => UNWELL_EVERY_MS,
    );
  }

  /** Reads no more. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Reads what Envoy thinks of all endpoints. */
  async readAll(): Promise<void> {
    const services = this.#sources.services();
    for (let start = 0; start < services.length; start += PART) await this.#read(services.slice(start, start + PART));
  }

  /** Reads one part after the other, and begins again after the last. */
  #goRound(
    name: string,
    services: () => readonly ServicePortKey[],
    pauseMs: (count: number) => number,
    start = 0,
  ): void {
    const timer = setTimeout(() => {
      const all = services();
      const from = start < all.length ? start : 0;
      void this.#read(all.slice(from, from + PART)).finally(() => {
        if (this.#timers.get(name) === timer) this.#goRound(name, services, pauseMs, from + PART);
      });
    }, pauseMs(services().length));
    this.#timers.set(name, timer);
  }

  async #read(services: readonly ServicePortKey[]): Promise<void> {
    if (!this.#envoyIsThere() || services.length === 0) return;
    const { adminSocket, clock, health, log } = this.#sources;
    try {
      const askedAt = clock.now();
      health.correct(await readHealth(adminSocket, services, askedAt), askedAt);
    } catch (error) {
      log.warn("envoy_health_not_read", { error: String(error) });
    }
  }
}
