/**
 * One replica of a cluster's controller: everything wired together.
 * @module
 */
import { isIP } from "node:net";
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { GatewayLeases } from "../../adapters/kube/gateway-leases.ts";
import { KubeLease } from "../../adapters/kube/kube-lease.ts";
import { TandemLeases } from "../../adapters/kube/tandem-leases.ts";
import { KubeWriter } from "../../adapters/kube/kube-writer.ts";
import { KubeStore } from "../../adapters/kube/kube-store.ts";
import { CertificateKeeper } from "../../adapters/identity/certificate-keeper.ts";
import { type GatewayRecord, requireGatewayRecord, statePaths } from "../../adapters/state/state-directory.ts";
import { targetPortsOf } from "../../core/takeover/surroundings.ts";
import { isHeld, type Selector } from "../../core/takeover/selector.ts";
import { isPaused, SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import { isGatewayReady, takesConnections } from "../../adapters/http/gateway-probe.ts";
import { namespaceOf, type ServiceKey, serviceKey } from "../../model/service-key.ts";
import { RELEASED_ANNOTATION } from "../../model/origin.ts";
import { parseTimestamp } from "../../model/timestamp.ts";
import type { ClusterService, ClusterSlice, TakeoverGateway, TakeoverView } from "../../model/takeover.ts";
import type { Clock } from "../../ports/clock.ts";
import type { OwnGateway } from "../../ports/gateway-registry.ts";
import type { Logger } from "../../ports/logger.ts";
import { GatewayLiveness } from "../../runtime/gateway-liveness.ts";
import { LeaderElection } from "../../runtime/leader-election.ts";
import { ListenerAllotments } from "../../runtime/listener-allotments.ts";
import { StandIn } from "../../runtime/stand-in.ts";
import { ClusterServices } from "./cluster-services.ts";
import { FIELD_MANAGER, Leadership } from "./leadership.ts";
import { GatewayReports } from "./gateway-reports.ts";
import { PodSamples } from "./pod-samples.ts";
import { Surroundings } from "./surroundings.ts";

/** Name of the Lease of a site's controllers. */
const LEASE = "tandem-controller";

/** After this long a Service that could not be read is read again, in milliseconds. */
const READ_AGAIN_MS = 2_000;

/** What a controller is started with. */
export interface ControllerOptions {
  readonly client: KubeClient;
  /** With connections of its own: a renewal must not wait behind the writes for hundreds of Services. */
  readonly electionClient: KubeClient;
  /** Of a gateway of this site that no Envoy belongs to: who the controller is to agents. */
  readonly stateDirectory: string;
  /** Namespace of the Lease. */
  readonly namespace: string;
  /** See {@link TakeoverView.drainMs}. */
  readonly drainMs: number;
  /** Unique among replicas and restarts. */
  readonly identity: string;
  readonly clock: Clock;
  /** Milliseconds that only ever grow, and go on while the process is paused. */
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

/** A running controller. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #site: string;
  readonly #store: KubeStore;
  readonly #services: ClusterServices;
  readonly #certificate: CertificateKeeper;
  readonly #reports: GatewayReports;
  readonly #liveness: GatewayLiveness;
  readonly #leases: TandemLeases;
  readonly #gatewayLeases: GatewayLeases;
  readonly #standIn: StandIn;
  readonly #pods: PodSamples;
  readonly #surroundings: Surroundings;
  readonly #allotments = new ListenerAllotments();
  readonly #election: LeaderElection;
  /** While this replica leads. */
  #leadership: Leadership | undefined;
  #closed = false;

  private constructor(options: ControllerOptions, record: GatewayRecord) {
    this.#options = options;
    this.#site = record.site;
    const { client, clock, random, log } = options;
    const sources = { client, clock, random, log };
    this.#leases = new TandemLeases(sources, options.namespace);
    this.#gatewayLeases = new GatewayLeases({ ...sources, leases: this.#leases, site: record.site });
    const gateways = (): readonly OwnGateway[] => this.#gatewaysOfSite();
    this.#store = new KubeStore(sources, "controller");
    this.#services = new ClusterServices({
      ...sources,
      isTargeted: (key) => this.#store.policyOf(key) !== undefined,
      takenOut: (address) => this.#liveness.doubt(this.#firstAddressOf(address)),
      look: (key) => this.#leadership?.look(key),
      originChanged: (key) => this.#allotments.know(key, this.#services.origin(key)),
    });
    this.#liveness = new GatewayLiveness(
      {
        gateways,
        probe: { isReady: isGatewayReady, takesConnections },
        witnesses: () => this.#reports.deadSiblings(),
        clock,
        log,
      },
      (service) => this.#livenessChanged(service),
    );
    this.#standIn = new StandIn({
      dead: () => this.#deadAddresses(),
      slices: () => this.#unattendedSlices(),
      writer: new KubeWriter(client, FIELD_MANAGER, {
        mayWrite: () => !this.#closed,
        written: (resource, object) => this.#services.learn(resource, object),
      }),
      clock,
      log,
    });
    this.#pods = new PodSamples({
      client,
      selectorOf: (key) => (this.#needsPods(key) ? this.#selectorOf(key) : undefined),
      changed: (key) => this.#leadership?.look(key),
      clock,
      log,
    });
    this.#surroundings = new Surroundings({
      ...sources,
      changed: (namespace) => this.#leadership?.lookAtNamespace(namespace),
    });
    this.#certificate = new CertificateKeeper({
      paths: statePaths(options.stateDirectory),
      record,
      clock,
      log,
      issuers: gateways,
      renewed: () => {},
    });
    this.#reports = new GatewayReports({
      site: record.site,
      gateways,
      credentials: () => this.#certificate.credentialsFor(record.site, undefined),
      look: (key) => this.#leadership?.look(key),
      siblingsJudged: () => this.#liveness.review(),
      clock,
      random,
      log,
    });
    const lease = new KubeLease(options.electionClient, { namespace: options.namespace, name: LEASE }, () =>
      clock.now(),
    );
    this.#election = new LeaderElection(
      { leases: lease, identity: options.identity, clock, monotonic: options.monotonic, log },
      { leading: () => this.#lead(), following: () => this.#follow() },
    );
  }

  /**
   * Starts a controller. Fulfilled once it has read everything, whether it leads or not.
   * @throws TandemError AgentCannotStart when the state directory is not usable
   */
  static async start(options: ControllerOptions): Promise<Controller> {
    const record = await requireGatewayRecord(statePaths(options.stateDirectory));
    const controller = new Controller(options, record);
    await controller.#start();
    return controller;
  }

  async #start(): Promise<void> {
    await this.#certificate.open();
    await this.#store.open();
    await this.#services.open();
    await this.#surroundings.open();
    await this.#gatewayLeases.open();
    this.#gatewayLeases.onChange(() => {
      this.#reports.update();
      this.#leadership?.lookAtAll();
    });
    this.#store.onChange(({ services, sites }) => {
      if (sites) {
        this.#reports.update();
        this.#leadership?.lookAtAll();
      }
      void this.#targetsChanged(services);
    });
    this.#reports.update();
    await this.#liveness.start();
    this.#election.start();
    this.#options.log.info("controller_started", { site: this.#site, identity: this.#options.identity });
  }

  /** Stops, and lets another replica lead at once. What was written stays. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#leadership?.close();
    await this.#election.close();
    this.#certificate.close();
    this.#reports.close();
    this.#liveness.close();
    this.#standIn.close();
    this.#gatewayLeases.close();
    this.#surroundings.close();
    this.#pods.close();
    this.#services.close();
    this.#store.close();
  }

  #livenessChanged(service: ServiceKey | undefined): void {
    if (service !== undefined) {
      this.#leadership?.look(service);
      return;
    }
    this.#leadership?.lookAtAll();
    this.#standIn.look();
  }

  /** Those that this replica does not work out: it does not lead, or does not know what is wanted. */
  #unattendedSlices(): readonly ClusterSlice[] {
    const all = this.#services.allGatewaySlices();
    if (this.#leadership === undefined) return all;
    return all.filter(({ metadata }) => {
      const key = serviceKey(metadata.namespace, metadata.labels[SERVICE_NAME_LABEL] ?? "");
      return this.#store.policyOf(key) === undefined && this.#store.invalidPolicyOf(key) !== undefined;
    });
  }

  #lead(): void {
    const { stateDirectory, electionClient: _, ...options } = this.#options;
    this.#leadership = new Leadership({
      ...options,
      site: this.#site,
      authorityCertificate: statePaths(stateDirectory).authorityCertificate,
      store: this.#store,
      services: this.#services,
      leases: this.#leases,
      gatewayLeases: this.#gatewayLeases,
      liveness: this.#liveness,
      reports: this.#reports,
      certificate: this.#certificate,
      view: (key) => this.#view(key),
      mayWrite: () => this.#election.mayAct,
    });
  }

  #follow(): void {
    this.#leadership?.close();
    this.#leadership = undefined;
  }

  /** Those that say that they are there; where none does, those that the Site lists. */
  #gatewaysOfSite(): readonly OwnGateway[] {
    const registered = this.#gatewayLeases.gateways();
    return registered.length > 0 ? registered : (this.#store.site(this.#site)?.spec.gateways ?? []);
  }

  /** By which a gateway is asked, of any of its addresses. */
  #firstAddressOf(address: string): string {
    const gateway = this.#gatewaysOfSite().find(({ otherAddresses = [] }) => otherAddresses.includes(address));
    return gateway?.address ?? address;
  }

  /** All addresses of gateways that are dead by the word of two. */
  #deadAddresses(): readonly string[] {
    const dead = new Set(this.#liveness.agreedDead());
    return this.#gatewaysOfSite()
      .filter(({ address }) => dead.has(address))
      .flatMap(({ address, otherAddresses = [] }) => [address, ...otherAddresses]);
  }

  async #targetsChanged(services: ReadonlySet<ServiceKey>): Promise<void> {
    await Promise.all([...services].map((key) => this.#targetChanged(key)));
    this.#leadership?.lookAtPolicies(services);
  }

  async #targetChanged(key: ServiceKey): Promise<void> {
    try {
      if (this.#store.policyOf(key) !== undefined) await this.#services.include(key);
    } catch (error) {
      this.#options.log.warn("service_not_read", { service: key, error: String(error) });
      if (!this.#closed) this.#options.clock.after(READ_AGAIN_MS, () => void this.#targetChanged(key));
    }
    this.#leadership?.look(key);
  }

  /** @throws Error when it is not known what is wanted: then everything stays as it is */
  async #view(key: ServiceKey): Promise<TakeoverView> {
    const invalid = this.#store.policyOf(key) === undefined ? this.#store.invalidPolicyOf(key) : undefined;
    if (invalid !== undefined) throw new Error(`${invalid} is not valid: the Service stays as it is`);
    const known = this.#services.service(key);
    const listenPorts =
      known === undefined ? new Map<number, number>() : this.#allotments.allot(key, known, this.#services.origin(key));
    const gateways = await this.#gateways(key, [...listenPorts.values()]);
    const returned = await this.#services.hasReturned(key);
    // While there is no origin nobody waits for anything but this.
    if (known !== undefined && this.#services.origin(key) === undefined && this.#needsPods(key))
      await this.#pods.first(key);
    // After all waiting, so that what is decided on is what there is now.
    return {
      policy: this.#policyOf(key),
      service: this.#services.service(key),
      origin: this.#services.origin(key),
      gatewaySlices: this.#services.gatewaySlices(key),
      gateways,
      listenPorts,
      check: this.#lacksCheck(key) ? this.#pods.of(key).check : undefined,
      surroundings: this.#surroundings.of(
        namespaceOf(key),
        { selector: this.#selectorOf(key), ports: known === undefined ? [] : targetPortsOf(known) },
        this.#needsPods(key) ? this.#pods.of(key).labels : undefined,
      ),
      switched: this.#isSwitched(key),
      returned,
      ...this.#times(this.#services.origin(key)),
      drainMs: this.#options.drainMs,
    };
  }

  /** What its pods are selected by, held or not. */
  #selectorOf(key: ServiceKey): Selector {
    return this.#services.origin(key)?.spec.selector ?? this.#services.service(key)?.spec.selector ?? {};
  }

  #needsPods(key: ServiceKey): boolean {
    return this.#lacksCheck(key) || this.#surroundings.dependOnPods(namespaceOf(key), this.#selectorOf(key));
  }

  #lacksCheck(key: ServiceKey): boolean {
    const policy = this.#store.policyOf(key);
    return policy !== undefined && policy.spec.healthCheck === undefined;
  }

  /** While no agent is heard everything stays as it is. */
  #isSwitched(key: ServiceKey): boolean {
    const service = this.#services.service(key);
    if (service === undefined) return false;
    const ports = service.spec.ports.map(({ port }) => port);
    return this.#reports.agreeOnElsewhere(key, ports) ?? isHeld(service.spec.selector);
  }

  #times(
    origin: ClusterService | undefined,
  ): Pick<TakeoverView, "now" | "timestamp" | "releasedAt" | "originCreatedAt"> {
    const now = this.#options.clock.now();
    return {
      now,
      timestamp: new Date(now).toISOString(),
      releasedAt: parseTimestamp(origin?.metadata.annotations[RELEASED_ANNOTATION]),
      originCreatedAt: parseTimestamp(origin?.metadata["creationTimestamp"]),
    };
  }

  #policyOf(key: ServiceKey): TakeoverView["policy"] {
    const policy = this.#store.policyOf(key);
    const uid = policy?.metadata["uid"];
    const isListed = policy?.spec.sites.some(({ name }) => name === this.#site) ?? false;
    if (policy === undefined || isPaused(policy) || !isListed || typeof uid !== "string") return undefined;
    return { uid, mode: policy.spec.mode ?? "Direct", hasCheck: policy.spec.healthCheck !== undefined };
  }

  /** Gateways that serve a Service; none before they know where. */
  async #gateways(key: ServiceKey, listeners: readonly number[]): Promise<readonly TakeoverGateway[]> {
    const admitted = this.#services
      .gatewaySlices(key)
      .flatMap(({ endpoints }) => (endpoints ?? []).filter(({ conditions }) => conditions.ready === true))
      .flatMap(({ addresses }) => addresses);
    const known = new Set(admitted.map((address) => this.#firstAddressOf(address)));
    const serving = await this.#liveness.serving(key, listeners, known);
    return serving
      .map(({ name, address, otherAddresses = [] }): TakeoverGateway => {
        // EndpointSlices have no room for names.
        const families = [address, ...otherAddresses].flatMap((one) => {
          const family = ({ 4: "IPv4", 6: "IPv6" } as const)[isIP(one)];
          return family === undefined ? [] : [[family, one] as const];
        });
        return { name, addresses: Object.fromEntries(families) };
      })
      .filter(({ addresses }) => Object.keys(addresses).length > 0)
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }
}
