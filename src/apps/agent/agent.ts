/**
 * One gateway's agent: everything wired together.
 * @module
 */
import type { Server } from "node:http";
import { EventLog } from "../../adapters/envoy/event-log.ts";
import { readHealth } from "../../adapters/envoy/admin-client.ts";
import { SiteDirectory } from "../../adapters/files/site-directory.ts";
import { type CatalogClient, listenToCatalog } from "../../adapters/peers/catalog-client.ts";
import { CatalogFeed } from "../../adapters/peers/catalog-feed.ts";
import { callPeer, connectToPeer, type PeerCredentials } from "../../adapters/peers/peer-connection.ts";
import { notAfter } from "../../adapters/pki/certificate-authority.ts";
import { checkStateDirectory, type GatewayRecord, readGatewayRecord, type StatePaths, statePaths } from "../../adapters/state/state-directory.ts";
import { type AdsServer, serveAds } from "../../adapters/xds/ads-server.ts";
import { gatewayIdentity } from "../../core/envoy/names.ts";
import { leafSecret, membersSecret, peerSecret } from "../../core/envoy/secrets.ts";
import { translateBase } from "../../core/envoy/translate.ts";
import type { CatalogMessage, SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import { TandemError } from "../../model/errors.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { AgentStatus } from "../../model/status.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { HealthTable } from "../../runtime/health-table.ts";
import { ListenPorts } from "../../runtime/listen-ports.ts";
import { Members } from "../../runtime/members.ts";
import { type KnowledgeChanges, PeerKnowledge } from "../../runtime/peer-knowledge.ts";
import { ServiceReconciler } from "../../runtime/service-reconciler.ts";
import { catalogEntry, policyHash } from "./catalog-entry.ts";
import { type Credentials, isRenewalDue, openAuthority, readCredentials, renewCredentials } from "./credentials.ts";
import { GatewayAddresses } from "./gateway-addresses.ts";
import { servePeerApi } from "./peer-api.ts";
import { Publisher } from "./publisher.ts";
import { Remembered } from "./remembered.ts";

/** Port of the readiness answer, on the gateway's own address. */
export const READY_PORT = 15021;

/** How often a certificate's age is looked at. */
const RENEWAL_CHECK_MS = 3_600_000;

/** What an agent is started with. */
export interface AgentOptions {
  /** Directory of the site's manifests. */
  readonly siteDirectory: string;
  readonly stateDirectory: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** A running agent. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #record: GatewayRecord;
  readonly #paths: StatePaths;
  readonly #store: SiteDirectory;
  readonly #publisher: Publisher;
  readonly #remembered: Remembered;
  readonly #members = new Members();
  readonly #knowledge: PeerKnowledge;
  readonly #addresses: GatewayAddresses;
  readonly #health: HealthTable;
  readonly #events: EventLog;
  readonly #feed: CatalogFeed;
  readonly #clients = new Map<string, CatalogClient>();
  #reconciler: ServiceReconciler | undefined;
  #listenPorts = new ListenPorts([], () => {});
  #credentials: Credentials | undefined;
  #sign: ((request: string) => Promise<string>) | undefined;
  #ads: AdsServer | undefined;
  #peerApi: Server | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #envoy: AgentStatus["envoy"] = "absent";
  #draining = false;
  #joinOpen = false;
  #redeem: ((path: string, body: string) => Promise<{ readonly status: number; readonly body: string }>) | undefined;

  private constructor(options: AgentOptions, record: GatewayRecord) {
    this.#options = options;
    this.#record = record;
    this.#paths = statePaths(options.stateDirectory);
    this.#store = new SiteDirectory(options.siteDirectory);
    this.#publisher = new Publisher(this.#paths.snapshot, options.log);
    this.#remembered = new Remembered(this.#paths.memory, options.log);
    this.#knowledge = new PeerKnowledge(record);
    this.#addresses = new GatewayAddresses({ site: record.site, store: this.#store, members: this.#members, knowledge: this.#knowledge }, () => this.#sitesChanged());
    this.#health = new HealthTable((service) => this.#reconciler?.look(service.slice(0, service.lastIndexOf("/")) as ServiceKey));
    this.#events = new EventLog(this.#paths.eventLog, (event) => this.#health.take(event));
    this.#feed = new CatalogFeed((sibling) => this.#everythingToTell(sibling));
  }

  /**
   * Starts an agent: the snapshot first, so that an Envoy without configuration waits for nothing; then all sources; then what they say.
   * @throws TandemError AgentCannotStart when the state directory is not usable
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const paths = statePaths(options.stateDirectory);
    const record = await readGatewayRecord(paths);
    if (record === undefined) {
      throw new TandemError("AgentCannotStart", `${paths.root} is not the state directory of a gateway`, { remedy: "Run `tandem site init`, or `tandem gateway enrol TOKEN` for a further gateway of a site" });
    }
    const problems = await checkStateDirectory(paths);
    if (problems.length > 0) throw new TandemError("AgentCannotStart", `${paths.root} cannot be used: ${problems.join("; ")}`);
    const agent = new Agent(options, record);
    await agent.#start();
    return agent;
  }

  async #start(): Promise<void> {
    const { log } = this.#options;
    await this.#publisher.restore();
    await this.#openCredentials();
    const memory = await this.#remembered.restore(log);
    for (const member of memory.members) this.#members.take(member);
    for (const record of memory.switches) this.#knowledge.takeSwitch(record);
    this.#listenPorts = new ListenPorts(memory.listenPorts, () => this.#remembered.save());
    this.#remembered.gatherFrom(() => ({ listenPorts: this.#listenPorts.entries(), switches: this.#knowledge.switches(), members: this.#members.all() }));
    await this.#events.open();
    this.#publishSecrets();
    this.#ads = await serveAds(this.#paths.adsSocket, this.#publisher.cache, {
      connected: () => this.#envoyConnected(),
      disconnected: () => this.#envoyGone(),
      rejected: (rejection) => this.#publisher.reject(rejection),
      acknowledged: () => {},
      settled: () => this.#envoySettled(),
      sent: (bytes) => log.info("xds_sent", { bytes }),
    });
    await this.#store.open();
    this.#addresses.open();
    this.#requireOwnSite();
    this.#reconciler = this.#createReconciler();
    this.#store.onChange(({ services, sites }) => this.#look({ services, everything: sites }));
    this.#reconciler.reconcileAll();
    this.#publishBase();
    this.#publisher.retainOwners(new Set([...this.#reconciler.owners(), "gateway", "secrets"]));
    const redeem = (path: string, body: string): Promise<{ status: number; body: string }> =>
      this.#redeem === undefined ? Promise.resolve({ status: 404, body: "{}" }) : this.#redeem(path, body);
    this.#peerApi = await servePeerApi(this.#paths.peerSocket, { site: this.#record.site, feed: this.#feed, sign: this.#sign, redeem }, log);
    this.#listenToPeers();
    this.#renewal = setInterval(() => void this.#renewIfDue(), RENEWAL_CHECK_MS);
    log.info("agent_started", { site: this.#record.site, gateway: this.#record.gateway, services: this.#store.targetedServices().length });
  }

  /** Which gateway this is. */
  get record(): GatewayRecord {
    return this.#record;
  }

  get paths(): StatePaths {
    return this.#paths;
  }

  /** What this agent knows. */
  status(): AgentStatus {
    const reconciler = this.#reconciler;
    return {
      site: this.#record.site,
      gateway: this.#record.gateway,
      version: this.#options.version,
      envoy: this.#envoy,
      draining: this.#draining,
      certificateEnds: this.#credentials === undefined ? undefined : notAfter(this.#credentials.certificate),
      services:
        reconciler?.statuses({
          rejectionsOf: (service) => this.#publisher.rejectionsOf(service),
          differingOf: (service) => this.#sitesWithAnotherSpec(service),
        }) ?? [],
      peers: this.#members.all().map((member) => ({
        name: member.name,
        accepted: member.accepted,
        connected: this.#knowledge.isConnected(member.name),
        gateways: member.gateways.map((gateway) => `${gateway.address}:${gateway.port}`),
      })),
      problems: [...this.#store.problems(), ...(reconciler?.problems() ?? [])],
    };
  }

  /** The own site as other sites should know it. */
  ownSite(): SiteRecord {
    const own = this.#store.site(this.#record.site);
    return {
      name: this.#record.site,
      gateways: own?.spec.gateways ?? [],
      trustBundle: this.#credentials?.authority ?? "",
      labels: own?.spec.labels ?? {},
      accepted: true,
      at: this.#options.clock.now(),
    };
  }

  /** The member sites. */
  members(): readonly SiteRecord[] {
    return this.#members.all();
  }

  /** Lets a site take part, or updates it; told to the siblings, kept on disk. */
  async admit(site: SiteRecord): Promise<void> {
    if (!this.#members.take(site)) return;
    this.#remembered.save();
    await this.#remembered.flush();
    this.#feed.tell({ type: "member", site }, "siblings");
    this.#sitesChanged();
  }

  /** Orders a switch, or ends one; carried to all sites. */
  order(record: SwitchRecord): void {
    if (!this.#knowledge.takeSwitch(record)) return;
    this.#remembered.save();
    this.#feed.tell({ type: "switch", switch: record });
    this.#look({ services: new Set([record.service]), everything: false });
  }

  /** Says to everybody that this gateway goes away, or that it stays after all. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#feed.tell({ type: "draining", draining });
  }

  /** Opens or closes the place where tokens are redeemed. */
  openJoin(redeem: ((path: string, body: string) => Promise<{ readonly status: number; readonly body: string }>) | undefined): void {
    this.#redeem = redeem;
    this.#joinOpen = redeem !== undefined;
    this.#publishBase();
  }

  /** Signs a certificate request; undefined where the authority's key is not. */
  get sign(): ((request: string) => Promise<string>) | undefined {
    return this.#sign;
  }

  /** Stops. Envoy goes on with what it has. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    for (const client of this.#clients.values()) client.close();
    this.#feed.close();
    this.#peerApi?.close();
    this.#addresses.close();
    this.#store.close();
    await this.#events.close();
    await this.#publisher.close();
    await this.#remembered.flush();
    await this.#ads?.close();
  }

  #createReconciler(): ServiceReconciler {
    const { record } = this;
    const own = this.#addresses.ownEntry(record.gateway);
    const context = {
      site: record.site,
      gateway: record.gateway,
      address: own?.address ?? "127.0.0.1",
      eventLog: this.#paths.eventLog,
      hopSocket: this.#paths.hopSocket,
    };
    const sources = {
      context,
      store: this.#store,
      sites: this.#addresses,
      knowledge: this.#knowledge,
      health: this.#health,
      memory: this.#remembered,
      listenPorts: this.#listenPorts,
      clock: this.#options.clock,
    };
    return new ServiceReconciler(sources, (owner, resources) => this.#publisher.publish(owner, resources), {
      tcpChainsChanged: () => this.#publishBase(),
      failedOver: (service, failover) => this.#options.log.info("serving_site_changed", { service, ...failover }),
      holdsChanged: (service, sites) => this.#feed.tell({ type: "holds", service, sites: [...sites] }, "siblings"),
      statusChanged: (service) => this.#offer(service),
    });
  }

  #requireOwnSite(): void {
    const { site, gateway } = this.#record;
    if (this.#addresses.ownEntry(gateway) !== undefined) return;
    const found = this.#store.site(site);
    throw new TandemError(
      "AgentCannotStart",
      found === undefined ? `${this.#options.siteDirectory} has no valid Site named ${site}` : `the Site ${site} has no gateway named ${gateway}`,
      { remedy: `Add ${gateway} with its address to spec.gateways of the Site ${site}; \`tandem validate ${this.#options.siteDirectory}\` shows what is wrong` },
    );
  }

  #publishBase(): void {
    const own = this.#addresses.ownEntry(this.#record.gateway);
    if (own === undefined || this.#reconciler === undefined) return;
    this.#publisher.publish(
      "gateway",
      translateBase({
        site: this.#record.site,
        peers: { address: own.address, port: own.port },
        ready: { address: own.address, port: READY_PORT },
        agentSocket: this.#paths.peerSocket,
        hopSocket: this.#paths.hopSocket,
        members: [this.#record.site, ...this.#acceptedMembers().map((member) => member.name)],
        joinOpen: this.#joinOpen,
        tcpChains: this.#reconciler.tcpChains(),
      }),
    );
  }

  #publishSecrets(): void {
    const credentials = this.#credentials;
    if (credentials === undefined) return;
    const domains = this.#acceptedMembers().map((member) => ({ site: member.name, bundle: member.trustBundle }));
    const resources: XdsResource[] = [
      { type: "secret", name: "leaf", body: leafSecret({ chain: credentials.certificate, key: credentials.key }) },
      { type: "secret", name: "members", body: membersSecret([{ site: this.#record.site, bundle: credentials.authority }, ...domains]) },
      ...domains.map((domain): XdsResource => {
        const body = peerSecret(domain);
        return { type: "secret", name: body.name ?? "", body };
      }),
    ];
    this.#publisher.publish("secrets", resources);
  }

  #acceptedMembers(): readonly SiteRecord[] {
    return this.#members.all().filter((member) => member.accepted);
  }

  #sitesChanged(): void {
    this.#publishSecrets();
    this.#publishBase();
    this.#reconciler?.lookAtAll();
    this.#listenToPeers();
  }

  #look(changes: KnowledgeChanges): void {
    if (changes.everything) this.#sitesChanged();
    for (const service of changes.services) this.#reconciler?.look(service);
  }

  #envoyConnected(): void {
    this.#envoy = "configuring";
    this.#options.log.info("envoy_connected");
  }

  #envoyGone(): void {
    this.#envoy = "absent";
    this.#options.log.warn("envoy_disconnected");
  }

  #envoySettled(): void {
    if (this.#envoy === "configuring") void this.#readHealth();
    this.#envoy = "ready";
  }

  async #readHealth(): Promise<void> {
    try {
      this.#health.replaceAll(await readHealth(this.#paths.adminSocket, this.#options.clock.now()));
    } catch (error) {
      this.#options.log.warn("envoy_health_not_read", { error: String(error) });
    }
  }

  // Peers and siblings.

  #listenToPeers(): void {
    const wanted = new Map<string, { readonly site: string; readonly gateway: string; readonly target: { readonly address: string; readonly port: number } }>();
    const add = (site: string, gateways: readonly { readonly name: string; readonly address: string; readonly port: number }[]): void => {
      for (const gateway of gateways) wanted.set(`${site}/${gateway.name}@${gateway.address}:${gateway.port}`, { site, gateway: gateway.name, target: gateway });
    };
    add(this.#record.site, this.#addresses.siblingsOf(this.#record.gateway));
    for (const member of this.#acceptedMembers()) add(member.name, this.#addresses.gatewaysOf(member.name) ?? []);
    for (const [key, client] of this.#clients) {
      if (wanted.has(key)) continue;
      client.close();
      this.#clients.delete(key);
    }
    for (const [key, peer] of wanted) if (!this.#clients.has(key) && this.#credentials !== undefined) this.#clients.set(key, this.#listenTo(peer));
  }

  #listenTo(peer: { readonly site: string; readonly gateway: string; readonly target: { readonly address: string; readonly port: number } }): CatalogClient {
    const { clock, log, random } = this.#options;
    return listenToCatalog(
      {
        ...peer,
        credentials: () => this.#credentialsFor(peer.site),
        connected: () => this.#knowledge.connected(peer.site, peer.gateway),
        message: (message) => this.#take(peer, message),
        disconnected: () => this.#look(this.#knowledge.disconnected(peer.site, peer.gateway)),
      },
      { clock, log, random },
    );
  }

  #credentialsFor(site: string): PeerCredentials {
    const own = this.#credentials;
    if (own === undefined) throw new Error("this gateway has no certificate yet");
    const bundle = site === this.#record.site ? own.authority : this.#members.get(site)?.trustBundle;
    if (bundle === undefined) throw new Error(`${site} is not a member`);
    return { own, peerBundle: bundle, peerIdentity: gatewayIdentity(site) };
  }

  #take(peer: { readonly site: string; readonly gateway: string }, message: CatalogMessage): void {
    if (message.type === "member" && peer.site === this.#record.site) {
      void this.admit(message.site);
      return;
    }
    if (message.type === "site" && peer.site !== this.#record.site) {
      this.#takeSite(peer.site, message.site);
      return;
    }
    const changes = this.#knowledge.take(peer.site, peer.gateway, message);
    if (message.type === "switch" && changes.services.size > 0) this.#remembered.save();
    this.#look(changes);
  }

  /** A member may say where its gateways are now; never who vouches for it: its name and authority were bound when it joined. */
  #takeSite(from: string, site: SiteRecord): void {
    const known = this.#members.get(from);
    if (known === undefined || site.name !== from) return;
    if (JSON.stringify(known.gateways) === JSON.stringify(site.gateways) && JSON.stringify(known.labels) === JSON.stringify(site.labels)) return;
    void this.admit({ ...known, gateways: site.gateways, labels: site.labels, at: Math.max(site.at, known.at + 1) });
  }

  *#everythingToTell(sibling: boolean): Iterable<CatalogMessage> {
    yield { type: "hello", site: this.#record.site, gateway: this.#record.gateway };
    yield { type: "draining", draining: this.#draining };
    yield { type: "site", site: this.ownSite() };
    for (const service of this.#store.targetedServices()) {
      const entry = this.#entryOf(service);
      if (entry !== null) yield { type: "service", service, entry };
    }
    for (const record of this.#knowledge.switches()) yield { type: "switch", switch: record };
    if (!sibling) return;
    for (const site of this.#members.all()) yield { type: "member", site };
    for (const [service, sites] of this.#reconciler?.holds() ?? []) yield { type: "holds", service, sites: [...sites] };
  }

  #offer(service: ServiceKey): void {
    this.#feed.tell({ type: "service", service, entry: this.#entryOf(service) });
  }

  #entryOf(service: ServiceKey): ReturnType<typeof catalogEntry> {
    return catalogEntry(this.#reconciler?.offered(service) ?? [], this.#store.policyOf(service));
  }

  #sitesWithAnotherSpec(service: ServiceKey): readonly string[] {
    const policy = this.#store.policyOf(service);
    if (policy === undefined) return [];
    const own = policyHash(policy);
    return this.#acceptedMembers()
      .map((member) => member.name)
      .filter((site) => (this.#knowledge.entry(site, service)?.policyHash ?? own) !== own);
  }

  // Certificates.

  async #openCredentials(): Promise<void> {
    const { clock } = this.#options;
    if (this.#record.issuer) {
      const sign = await openAuthority(this.#paths, this.#record.site);
      this.#sign = (request) => sign(request, clock.now());
    }
    this.#credentials = await readCredentials(this.#paths);
    if (this.#credentials === undefined && this.#sign !== undefined) this.#credentials = await renewCredentials(this.#paths, this.#sign);
    else await this.#renewIfDue();
  }

  async #renewIfDue(): Promise<void> {
    if (this.#credentials === undefined || !isRenewalDue(this.#credentials, this.#options.clock.now())) return;
    try {
      this.#credentials = await renewCredentials(this.#paths, this.#sign ?? ((request) => this.#askIssuer(request)));
      this.#publishSecrets();
      this.#options.log.info("certificate_renewed", { ends: new Date(notAfter(this.#credentials.certificate)).toISOString() });
    } catch (error) {
      this.#options.log.warn("certificate_not_renewed", { error: String(error), ends: new Date(notAfter(this.#credentials.certificate)).toISOString() });
    }
  }

  async #askIssuer(request: string): Promise<string> {
    const failures: string[] = [];
    for (const sibling of this.#addresses.siblingsOf(this.#record.gateway)) {
      try {
        const socket = await connectToPeer(sibling, this.#credentialsFor(this.#record.site));
        const { response } = await callPeer(socket, { method: "POST", path: "/v1/certificate", body: request });
        const certificate = await response.toArray();
        if (response.statusCode === 200) return Buffer.concat(certificate as Buffer[]).toString("utf8");
        failures.push(`${sibling.name} answered ${response.statusCode ?? 0}`);
      } catch (error) {
        failures.push(`${sibling.name}: ${String(error)}`);
      }
    }
    throw new Error(`no issuer was reached: ${failures.join("; ")}`);
  }
}
