/**
 * What the gateways of the own site find, as their agents tell it: a replica hears it from each of them, so that one that
 * comes to lead knows it already.
 * @module
 */
import { type CatalogClient, listenToCatalog } from "../../adapters/peers/catalog-client.ts";
import type { PeerCredentials } from "../../adapters/peers/peer-connection.ts";
import type { CatalogMessage } from "../../model/catalog.ts";
import type { GatewayAddress } from "../../model/kinds/index.ts";
import { type ServiceKey, serviceOf, type ServicePortKey } from "../../model/service-key.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** Whom to listen to, and who hears of it. */
export interface GatewayReportsSources {
  readonly site: string;
  /** Gateways that the site has. */
  gateways(): readonly GatewayAddress[];
  credentials(): PeerCredentials;
  /** How a Service is may have changed. */
  look(service: ServiceKey): void;
  /** An agent has found something else of its siblings than before, or can be heard no more. */
  siblingsJudged(): void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

interface Report {
  readonly client: CatalogClient;
  /** Everything has been said once on the stream that is open. */
  complete: boolean;
  readonly services: Map<ServicePortKey, ServiceReport>;
  readonly address: string;
  /** Addresses of siblings that do not answer it; undefined while it has said nothing of them on the stream that is open. */
  deadSiblings: ReadonlySet<string> | undefined;
}

/** Listens to the agents of all gateways of a site. */
export class GatewayReports {
  readonly #sources: GatewayReportsSources;
  readonly #reports = new Map<string, Report>();

  constructor(sources: GatewayReportsSources) {
    this.#sources = sources;
  }

  /** Listens to exactly the gateways that there are now. */
  update(): void {
    const wanted = new Map(this.#sources.gateways().map((one) => [`${one.name}@${one.address}:${one.port}`, one]));
    for (const [key, { client }] of this.#reports) {
      if (wanted.has(key)) continue;
      client.close();
      this.#reports.delete(key);
    }
    for (const [key, gateway] of wanted) if (!this.#reports.has(key)) this.#listen(key, gateway);
  }

  /** Listens no more. */
  close(): void {
    for (const { client } of this.#reports.values()) client.close();
    this.#reports.clear();
  }

  /**
   * True when all gateways that know a port of a Service agree that another site serves it; false when all agree that the
   * own one serves each port. Undefined while nobody is heard or they do not agree: then everything stays as it is.
   */
  agreeOnElsewhere(service: ServiceKey, ports: readonly number[]): boolean | undefined {
    const heard = [...this.#reports.values()].filter(({ complete }) => complete);
    const words = ports.map((port) =>
      heard.flatMap(({ services }) => services.get(`${service}/${port}`)?.servingSite ?? []),
    );
    if (words.some((sites) => sites.length > 0 && sites.every((site) => site !== this.#sources.site))) return true;
    const isHome = words.every((sites) => sites.length > 0 && sites.every((site) => site === this.#sources.site));
    return isHome ? false : undefined;
  }

  /** What each gateway that is heard says of a port of a Service. */
  of(service: ServicePortKey): readonly ServiceReport[] {
    return [...this.#reports.values()].flatMap(({ complete, services }) =>
      complete ? (services.get(service) ?? []) : [],
    );
  }

  /** The agents that are heard, by the addresses of their gateways, each with the siblings that do not answer it. */
  deadSiblings(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map(
      [...this.#reports.values()].flatMap(({ address, deadSiblings }) =>
        deadSiblings === undefined ? [] : [[address, deadSiblings] as const],
      ),
    );
  }

  #listen(key: string, gateway: GatewayAddress): void {
    const { site, clock, log, random } = this.#sources;
    const client = listenToCatalog(
      {
        site,
        gateway: gateway.name,
        target: gateway,
        credentials: () => this.#sources.credentials(),
        connected: () => {},
        message: (message) => this.#take(key, message),
        disconnected: () => this.#disconnected(key),
      },
      { clock, log, random },
    );
    this.#reports.set(key, {
      client,
      complete: false,
      services: new Map(),
      address: gateway.address,
      deadSiblings: undefined,
    });
  }

  #take(key: string, message: CatalogMessage): void {
    const report = this.#reports.get(key);
    if (report === undefined) return;
    if (message.type === "synced") {
      report.complete = true;
      this.#lookAt(report.services.keys());
    }
    if (message.type === "siblings") {
      report.deadSiblings = new Set(message.dead);
      this.#sources.siblingsJudged();
    }
    if (message.type !== "report") return;
    if (message.report === null) report.services.delete(message.service);
    else report.services.set(message.service, message.report);
    if (report.complete) this.#lookAt([message.service]);
  }

  /** What it said counts no more: of those that are left others may agree. */
  #disconnected(key: string): void {
    const report = this.#reports.get(key);
    if (report === undefined) return;
    report.complete = false;
    report.deadSiblings = undefined;
    this.#sources.siblingsJudged();
    const services = [...report.services.keys()];
    report.services.clear();
    this.#lookAt(services);
  }

  #lookAt(services: Iterable<ServicePortKey>): void {
    for (const service of new Set([...services].map(serviceOf))) this.#sources.look(service);
  }
}
