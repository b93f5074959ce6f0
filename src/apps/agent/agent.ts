/**
 * One gateway's agent: everything wired together.
 * @module
 */
import type { Server } from "node:http";
import { EventLog } from "../../adapters/envoy/event-log.ts";
import { type GatewayRecord, type StatePaths, statePaths } from "../../adapters/state/state-directory.ts";
import { translateBase } from "../../core/envoy/translate.ts";
import type { CatalogEntry, SiteRecord, SwitchRecord } from "../../model/catalog.ts";
import { TandemError } from "../../model/errors.ts";
import { type ServiceKey, serviceOf } from "../../model/service-key.ts";
import type { Problem } from "../../model/problem.ts";
import type { AgentStatus } from "../../model/status.ts";
import type { OpenableStore } from "../../ports/object-store.ts";
import type { ResourceSink } from "../../runtime/gateway-context.ts";
import { HealthTable } from "../../runtime/health-table.ts";
import { ListenPorts } from "../../runtime/listen-ports.ts";
import { Members } from "../../runtime/members.ts";
import { type KnowledgeChanges, PeerKnowledge } from "../../runtime/peer-knowledge.ts";
import { ServiceReconciler, type StatusInputs } from "../../runtime/service-reconciler.ts";
import { ServiceReports } from "./service-reports.ts";
import { SwitchManifests } from "../../runtime/switch-manifests.ts";
import { catalogEntry, sitesWithAnotherSpec } from "./catalog-entry.ts";
import { CertificateKeeper } from "../../adapters/identity/certificate-keeper.ts";
import { EnvoyConnection } from "./envoy-connection.ts";
import type { AgentOptions } from "./agent-options.ts";
import { GatewayAddresses } from "./gateway-addresses.ts";
import { gatewayBase } from "./gateway-base.ts";
import { gatewaySecrets } from "./gateway-secrets.ts";
import { listedSites } from "./listed-sites.ts";
import { openState } from "./open-state.ts";
import { type ExchangeSources, PeerExchange } from "./peer-exchange.ts";
import { type Redeem, servePeerApi } from "./peer-api.ts";
import { ProblemLog } from "./problem-log.ts";
import { Publisher } from "./publisher.ts";
import { Remembered } from "./remembered.ts";
import { SiblingWatch } from "./sibling-watch.ts";

/** A running agent. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #record: GatewayRecord;
  readonly #paths: StatePaths;
  readonly #store: OpenableStore;
  readonly #publisher: Publisher;
  readonly #remembered: Remembered;
  readonly #members = new Members();
  readonly #knowledge: PeerKnowledge;
  readonly #addresses: GatewayAddresses;
  readonly #health: HealthTable;
  readonly #events: EventLog;
  readonly #exchange: PeerExchange;
  readonly #certificate: CertificateKeeper;
  readonly #envoy: EnvoyConnection;
  readonly #problemLog: ProblemLog;
  readonly #reports: ServiceReports;
  /** In a cluster, where controllers ask for it. */
  readonly #siblings: SiblingWatch | undefined;
  readonly #statusInputs: StatusInputs = {
    rejectionsOf: (service) => this.#publisher.rejectionsOf(service),
    differingOf: (service) => sitesWithAnotherSpec(this.#store.policyOf(service), this.#peerEntries(service)),
  };
  #reconciler: ServiceReconciler | undefined;
  #listenPorts = new ListenPorts([], () => {});
  #peerApi: Server | undefined;
  #draining = false;
  readonly #listedSites: () => readonly SiteRecord[];
  #redeem: Redeem | undefined;

  private constructor(options: AgentOptions, record: GatewayRecord) {
    this.#options = options;
    this.#record = record;
    this.#paths = statePaths(options.stateDirectory);
    this.#store = options.store;
    this.#listedSites = listedSites(options.store, record.site, () => options.clock.now());
    this.#publisher = new Publisher(this.#paths.snapshot, options.log);
    this.#remembered = new Remembered(
      this.#paths.memory,
      {
        listenPorts: () => this.#listenPorts.entries(),
        switches: () => this.#knowledge.switches(),
        members: () => this.#members.all(),
        addresses: () => this.#addresses.resolved(),
      },
      options.log,
    );
    this.#knowledge = new PeerKnowledge(record, { ...options, sitesOf: (service) => this.#sitesOf(service) });
    this.#addresses = new GatewayAddresses(
      {
        site: record.site,
        gateway: record.gateway,
        store: this.#store,
        registration: options.registration,
        members: this.#members,
        knowledge: this.#knowledge,
      },
      () => {
        this.#remembered.save("addresses");
        this.#sitesChanged();
      },
    );
    this.#health = new HealthTable((service) => this.#reconciler?.look(serviceOf(service)));
    this.#events = new EventLog(
      this.#paths.eventLog,
      (event) => this.#health.take(event),
      (error) => options.log.warn("envoy_events_not_read", { error: String(error) }),
    );
    this.#certificate = new CertificateKeeper({
      paths: this.#paths,
      record,
      clock: options.clock,
      log: options.log,
      issuers: () => this.#addresses.siblings(),
      requestCertificate: options.registration?.requestCertificate,
      renewed: () => this.#publishSecrets(),
    });
    this.#reports = new ServiceReports({
      statuses: () => this.#reconciler?.statuses(this.#statusInputs) ?? [],
      tell: (message) => this.#exchange.tellSiblings(message),
    });
    this.#siblings = options.store.sitesAreMembers
      ? new SiblingWatch({
          own: () => this.#addresses.ownGateway(),
          siblings: () => this.#addresses.siblings(),
          tell: (message) => this.#exchange.tellSiblings(message),
          clock: options.clock,
          log: options.log,
        })
      : undefined;
    this.#exchange = new PeerExchange(this.#exchangeSources());
    this.#envoy = new EnvoyConnection({
      adsSocket: this.#paths.adsSocket,
      adminSocket: this.#paths.adminSocket,
      publisher: this.#publisher,
      health: this.#health,
      services: () => this.#reconciler?.services() ?? [],
      clock: options.clock,
      log: options.log,
    });
    this.#problemLog = new ProblemLog(() => this.#problems(), options.log);
  }

  /**
   * Starts an agent: the snapshot first, so that an Envoy without configuration waits for nothing; then all sources; then what they say.
   * One that cannot start leaves nothing open.
   * @throws TandemError AgentCannotStart when the state or site directory is not usable, AgentRunning
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const agent = new Agent(options, await openState(options.stateDirectory));
    try {
      await agent.#start();
      return agent;
    } catch (error) {
      await agent.close();
      throw error;
    }
  }

  /** The order matters: each step says what the next one relies on. */
  async #start(): Promise<void> {
    const { log } = this.#options;
    // What an Envoy without configuration gets, and nothing else, until everything has been read.
    await this.#publisher.restore();
    await this.#certificate.open();
    // What was decided and heard, before anything new is.
    const memory = await this.#remembered.restore();
    for (const member of memory.members) this.#members.take(member);
    for (const record of memory.switches) this.#knowledge.takeSwitch(record);
    this.#listenPorts = new ListenPorts(memory.listenPorts, () => this.#remembered.save("listenPorts"));
    await this.#events.open();
    this.#publishSecrets();
    // An Envoy may connect from here on.
    await this.#envoy.open();
    // Sources: objects, then the addresses of the gateways in them.
    await this.#store.open();
    await this.#options.registration?.open();
    this.#addresses.open(memory.addresses);
    this.#addresses.requireOwnEntry();
    for (const site of this.#listedSites()) this.#admitHeard(site);
    this.#reconciler = this.#createReconciler();
    const manifests = new SwitchManifests(
      { store: this.#store, knowledge: this.#knowledge, clock: this.#options.clock, own: this.#record },
      (record) => this.#switched(record),
    );
    this.#store.onChange(({ services, sites }) => {
      if (this.#knowledge.policiesChanged(services)) this.#remembered.save("switches");
      manifests.read(services);
      if (sites) for (const site of this.#listedSites()) this.#admitHeard(site);
      this.#look({ services, everything: sites });
      this.#problemLog.look();
    });
    this.#options.registration?.registry.onChange(() => this.#sitesChanged());
    manifests.readAll();
    this.#problemLog.look();
    // All decisions, all resources; what is left over of the snapshot goes; only then does a running Envoy hear of it.
    this.#reconciler.reconcileAll();
    this.#publishBase();
    this.#publisher.retainOwners(
      new Set([...this.#reconciler.keep(this.#publisher.cache.owners()), "gateway", "secrets"]),
    );
    this.#publisher.confirm();
    void this.#envoy.readAllHealth();
    // Others, last: nothing above needs them.
    this.#peerApi = await servePeerApi(
      this.#paths.peerSocket,
      { site: this.#record.site, feed: this.#exchange.feed, sign: this.#certificate.sign, redeem: () => this.#redeem },
      log,
    );
    this.#exchange.update();
    this.#siblings?.start();
    void this.#certificate.renewIfDue();
    log.info("agent_started", {
      site: this.#record.site,
      gateway: this.#record.gateway,
      services: this.#store.targetedServices().length,
    });
  }

  /** Which gateway this is. */
  get record(): GatewayRecord {
    return this.#record;
  }

  get paths(): StatePaths {
    return this.#paths;
  }

  /** How long programming Envoy took, for the metrics. */
  get programming(): EnvoyConnection["programming"] {
    return this.#envoy.programming;
  }

  /** What this agent knows. */
  status(): AgentStatus {
    return {
      site: this.#record.site,
      gateway: this.#record.gateway,
      version: this.#options.version,
      envoy: this.#envoy.state,
      draining: this.#draining,
      certificateEnds: this.#certificate.ends,
      services: this.#reconciler?.statuses(this.#statusInputs) ?? [],
      peers: this.#members.all().map((member) => ({
        name: member.name,
        accepted: member.accepted,
        connected: this.#knowledge.isConnected(member.name),
        gateways: member.gateways.map((gateway) => `${gateway.address}:${gateway.port}`),
      })),
      problems: [...this.#problems(), ...this.#publisher.problems()],
    };
  }

  /** The own site as other sites should know it. */
  ownSite(): SiteRecord {
    const own = this.#store.site(this.#record.site);
    return {
      name: this.#record.site,
      // Without a Site that says how others reach them they are reached as at home.
      gateways: own?.spec.gateways ?? [...this.#addresses.registered()],
      trustBundle: this.#certificate.credentials?.authority ?? "",
      labels: own?.spec.labels ?? {},
      accepted: true,
      at: this.#options.clock.now(),
    };
  }

  /** The member sites. */
  members(): readonly SiteRecord[] {
    return this.#members.all();
  }

  /**
   * Lets a site take part, or updates it; told to the siblings, kept on disk.
   * @throws TandemError StateNotWritten when it is in force, but not on disk
   */
  async admit(site: SiteRecord): Promise<void> {
    if (!this.#members.take(site)) return;
    const isKept = await this.#remembered.keep("members");
    this.#exchange.tellSiblings({ type: "member", site });
    this.#sitesChanged();
    if (!isKept) throw new TandemError("StateNotWritten", `that ${site.name} takes part was not written to disk`);
  }

  /** What was heard is in force also where it cannot be kept; that it could not has been logged by then. */
  #admitHeard(site: SiteRecord): void {
    this.admit(site).catch(() => {});
  }

  /** Orders a switch, or ends one; carried to all sites. */
  order(record: SwitchRecord): void {
    this.#switched(this.#knowledge.orderSwitch(record));
  }

  /** The switch in force of a Service at a moment. */
  switchOf(service: ServiceKey, now: number): SwitchRecord | undefined {
    return this.#knowledge.switchOf(service, now);
  }

  #switched(record: SwitchRecord): void {
    this.#remembered.save("switches");
    this.#exchange.tellSwitch(record);
    this.#look({ services: new Set([record.service]), everything: false });
  }

  /** Says to everybody that this gateway goes away, or that it stays after all. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#exchange.feed.tell({ type: "draining", draining });
  }

  /** Opens or closes the place where tokens are redeemed. */
  openJoin(redeem: Redeem | undefined): void {
    this.#redeem = redeem;
    this.#publishBase();
  }

  /** Signs a certificate request; undefined where the authority's key is not. */
  get sign(): ((request: string) => Promise<string>) | undefined {
    return this.#certificate.sign;
  }

  /** Stops, however far the start came. Envoy goes on with what it has. */
  async close(): Promise<void> {
    this.#certificate.close();
    // What ends from here on is no news: Envoy keeps what was decided while all were heard.
    this.#reconciler?.close();
    this.#problemLog.close();
    this.#reports.close();
    this.#siblings?.close();
    this.#exchange.close();
    this.#peerApi?.close();
    this.#addresses.close();
    this.#options.registration?.close();
    this.#store.close();
    await this.#events.close();
    await this.#publisher.close();
    await this.#remembered.flush();
    await this.#envoy.close();
  }

  #createReconciler(): ServiceReconciler {
    const { record } = this;
    const context = {
      site: record.site,
      eventLog: this.#paths.eventLog,
      writeSocket: this.#paths.writeSocket,
      peerHops: this.#paths.root,
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
    const sink: ResourceSink = {
      replace: (owner, resources, noticedAt) => {
        if (this.#publisher.publish(owner, resources)) this.#envoy.published(noticedAt);
      },
      update: (owner, resources, noticedAt) => {
        if (this.#publisher.update(owner, resources)) this.#envoy.published(noticedAt);
      },
    };
    return new ServiceReconciler(sources, sink, {
      tcpChainsChanged: () => this.#publishBase(),
      failedOver: (service, failover) => this.#options.log.info("serving_site_changed", { service, ...failover }),
      removed: (service) => this.#reports.remove(service),
      holdsChanged: (service, sites) => this.#exchange.tellSiblings({ type: "holds", service, sites: [...sites] }),
      failed: (service, error) =>
        this.#options.log.error("service_not_reconciled", {
          service,
          error: error instanceof Error ? error.stack : String(error),
        }),
      statusChanged: (service) => {
        this.#exchange.tellService(service, this.#entryOf(service));
        this.#reports.update(this.#reconciler?.statusesOf(service, this.#statusInputs) ?? []);
        this.#problemLog.look();
      },
    });
  }

  #problems(): readonly Problem[] {
    return [...this.#store.problems(), ...this.#addresses.problems(), ...(this.#reconciler?.problems() ?? [])];
  }

  #publishBase(): void {
    if (this.#reconciler === undefined) return;
    const base = gatewayBase({
      site: this.#record.site,
      paths: this.#paths,
      addresses: this.#addresses,
      members: this.#acceptedMembers(),
      joinOpen: this.#redeem !== undefined,
      tcpChains: this.#reconciler.tcpChains(),
    });
    if (base !== undefined) this.#publisher.publish("gateway", translateBase(base));
  }

  #publishSecrets(): void {
    const { credentials } = this.#certificate;
    if (credentials === undefined) return;
    this.#publisher.publish("secrets", gatewaySecrets(this.#record.site, credentials, this.#acceptedMembers()));
  }

  #acceptedMembers(): readonly SiteRecord[] {
    return this.#members.all().filter((member) => member.accepted);
  }

  #sitesChanged(): void {
    this.#publishSecrets();
    this.#publishBase();
    this.#reconciler?.lookAtAll();
    this.#exchange.update();
  }

  #look(changes: KnowledgeChanges): void {
    if (changes.everything) this.#sitesChanged();
    for (const service of changes.services) this.#reconciler?.look(service);
  }

  #exchangeSources(): ExchangeSources {
    const { clock, log, random } = this.#options;
    const record = this.#record;
    return {
      own: record,
      members: this.#members,
      knowledge: this.#knowledge,
      clock,
      log,
      random,
      targets: () => (this.#certificate.credentials === undefined ? [] : this.#addresses.others()),
      credentialsFor: (site) =>
        this.#certificate.credentialsFor(site, site === record.site ? undefined : this.#members.get(site)?.trustBundle),
      ownSite: () => this.ownSite(),
      draining: () => this.#draining,
      offered: () =>
        this.#store.targetedServices().flatMap((service) => {
          const entry = this.#entryOf(service);
          return entry === null ? [] : [[service, entry] as const];
        }),
      sitesOf: (service) => this.#sitesOf(service),
      holds: () => this.#reconciler?.holds() ?? [],
      reports: () => this.#reports.all(),
      siblings: () => this.#siblings?.all() ?? [],
      admit: (site) => this.admit(site),
      switchHeard: () => this.#remembered.save("switches"),
      look: (changes) => this.#look(changes),
    };
  }

  #peerEntries(service: ServiceKey): ReadonlyMap<string, CatalogEntry | undefined> {
    return new Map(this.#acceptedMembers().map(({ name }) => [name, this.#knowledge.entry(name, service)]));
  }

  #sitesOf(service: ServiceKey): readonly string[] {
    return this.#store.policyOf(service)?.spec.sites.map((site) => site.name) ?? [];
  }

  #entryOf(service: ServiceKey): ReturnType<typeof catalogEntry> {
    return catalogEntry(this.#reconciler?.offered(service) ?? [], this.#store.policyOf(service));
  }
}
