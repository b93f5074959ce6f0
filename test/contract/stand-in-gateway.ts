/**
 * A gateway as controllers see one, without an Envoy: it says that it is ready, takes connections, answers them with its
 * name, and its agent tells over mTLS which site serves a Service.
 * @module
 */
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { READY_PORT, GATEWAY_PORT } from "../../src/model/kinds/index.ts";
import type { PemPair } from "../../src/adapters/pki/certificate-authority.ts";
import { CatalogFeed } from "../../src/adapters/peers/catalog-feed.ts";
import type { CatalogMessage } from "../../src/model/catalog.ts";
import type { ServicePortKey } from "../../src/model/service-key.ts";

/** Who it is. */
export interface StandInIdentity {
  readonly site: string;
  readonly authority: string;
  readonly leaf: PemPair;
}

/** A stand-in at one address. */
export class StandInGateway {
  readonly address: string;
  readonly #identity: StandInIdentity;
  readonly #serving = new Map<ServicePortKey, string>();
  readonly #servers = new Map<number, Server>();
  #feed: CatalogFeed | undefined;

  constructor(address: string, identity: StandInIdentity) {
    this.address = address;
    this.#identity = identity;
  }

  /** Is ready from now on, and its agent can be heard. */
  async start(): Promise<void> {
    const { site, authority, leaf } = this.#identity;
    const feed = new CatalogFeed(() => this.#reports());
    this.#feed = feed;
    const tls = { cert: leaf.certificate, key: leaf.key, ca: authority, requestCert: true };
    await this.#open(
      READY_PORT,
      createHttpServer((_request, response) => response.end()),
    );
    await this.#open(
      GATEWAY_PORT,
      createHttpsServer(tls, (_request, response) => feed.serve(response, site)),
    );
  }

  /** Takes connections for a Service. */
  async listen(port: number): Promise<void> {
    if (this.#servers.has(port)) return;
    await this.#open(
      port,
      createHttpServer((_request, response) => response.end(`gateway ${this.address}`)),
    );
  }

  /** Its agent says which site serves. */
  tell(service: ServicePortKey, site: string): void {
    this.#serving.set(service, site);
    for (const message of this.#reports()) this.#feed?.tell(message);
  }

  /** Answers nobody any more. */
  async kill(): Promise<void> {
    this.#feed?.close();
    this.#feed = undefined;
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  async #open(port: number, server: Server): Promise<void> {
    this.#servers.set(port, server);
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    server.listen(port, this.address, () => listening.resolve());
    await listening.promise;
  }

  #reports(): readonly CatalogMessage[] {
    return [...this.#serving].map(([service, servingSite]) => ({
      type: "report",
      service,
      report: { servingSite, sites: [], check: "", checkIntervalMs: 250, conditions: [] },
    }));
  }
}
