/**
 * The agent's side of its Envoy: the stream that programs it, whether it is there, how long programming takes.
 * @module
 */
import { Histogram } from "prom-client";
import { type AdsServer, serveAds } from "../../adapters/xds/ads-server.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { AgentStatus } from "../../model/status.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { HealthTable } from "../../runtime/health-table.ts";
import { HealthReader } from "./health-reader.ts";
import type { Publisher } from "./publisher.ts";

/** Most resources that a line of the log names. */
const NAMED_IN_LOG = 8;

/** What a connection needs. */
export interface EnvoyConnectionSources {
  readonly adsSocket: string;
  readonly adminSocket: string;
  readonly publisher: Publisher;
  readonly health: HealthTable;
  /** All services that Envoy is programmed with. */
  readonly services: () => readonly ServicePortKey[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The Envoy of one gateway, as its agent sees it. */
export class EnvoyConnection {
  /** From noticing a change to Envoy's acknowledgement of all that follows from it, in seconds. */
  readonly programming = new Histogram({
    name: "tandem_envoy_programming_seconds",
    help: "From noticing a change to Envoy's acknowledgement of all that follows from it.",
    buckets: [0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
    registers: [],
  });
  readonly #sources: EnvoyConnectionSources;
  #state: AgentStatus["envoy"] = "absent";
  #server: AdsServer | undefined;
  readonly #healthReader: HealthReader;
  /** On the clock of `performance.now()`; undefined while nothing waits for an acknowledgement. */
  #noticedAt: number | undefined;
  #bytesSent = 0;
  #resourcesSent = 0;
  #firstSent: string[] = [];

  constructor(sources: EnvoyConnectionSources) {
    this.#sources = sources;
    this.#healthReader = new HealthReader(sources, () => this.#state !== "absent");
  }

  /** Whether Envoy is there and has everything. */
  get state(): AgentStatus["envoy"] {
    return this.#state;
  }

  /**
   * Listens for Envoy.
   * @throws when the socket cannot be bound
   */
  async open(): Promise<void> {
    const { adsSocket, publisher } = this.#sources;
    this.#server = await serveAds(adsSocket, publisher.cache, {
      connected: () => this.#connected(),
      disconnected: () => this.#gone(),
      rejected: (rejection) => publisher.reject(rejection),
      settled: () => this.#settled(),
      sent: (bytes, resources) => {
        this.#bytesSent += bytes;
        this.#resourcesSent += resources.length;
        this.#firstSent.push(...resources.slice(0, NAMED_IN_LOG - this.#firstSent.length));
      },
    });
    this.#healthReader.open();
  }

  /** Something was published for a change that was noticed at `noticedAt` (`performance.now()`). */
  published(noticedAt: number): void {
    if (this.#state === "ready") this.#noticedAt = Math.min(noticedAt, this.#noticedAt ?? noticedAt);
  }

  /** Reads what Envoy thinks of all endpoints, if it is there: when it comes, and when the agent has read its sources. */
  async readAllHealth(): Promise<void> {
    await this.#healthReader.readAll();
  }

  /** Stops listening. Envoy goes on with what it has. */
  async close(): Promise<void> {
    this.#healthReader.close();
    this.#state = "absent";
    await this.#server?.close();
  }

  #connected(): void {
    this.#state = "configuring";
    this.#sources.publisher.forgetRejections();
    this.#startCounting();
    this.#sources.log.info("envoy_connected");
  }

  #gone(): void {
    this.#state = "absent";
    this.#sources.log.warn("envoy_disconnected");
  }

  #settled(): void {
    if (this.#state === "configuring") void this.readAllHealth();
    this.#state = "ready";
    const tookMs = this.#noticedAt === undefined ? undefined : performance.now() - this.#noticedAt;
    if (tookMs !== undefined) this.programming.observe(tookMs / 1_000);
    // Without a time it is an Envoy that has just come.
    this.#sources.log.info("envoy_programmed", {
      ...(tookMs === undefined ? {} : { tookMs }),
      bytes: this.#bytesSent,
      resources: this.#resourcesSent,
      first: this.#firstSent,
    });
    this.#startCounting();
  }

  #startCounting(): void {
    this.#noticedAt = undefined;
    this.#bytesSent = 0;
    this.#resourcesSent = 0;
    this.#firstSent = [];
  }
}
