/**
 * One replica of a cluster's controller: everything wired together.
 * @module
 */
import { isIP } from "node:net";
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KubeLease } from "../../adapters/kube/kube-lease.ts";
import { KubeStore } from "../../adapters/kube/kube-store.ts";
import { KubeWriter } from "../../adapters/kube/kube-writer.ts";
import { CertificateKeeper } from "../../adapters/identity/certificate-keeper.ts";
import { type GatewayRecord, requireGatewayRecord, statePaths } from "../../adapters/state/state-directory.ts";
import { isHeld } from "../../core/takeover/selector.ts";
import type { GatewayAddress } from "../../model/kinds/index.ts";
import { isGatewayReady, takesConnections } from "../../adapters/http/gateway-probe.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import { RELEASED_ANNOTATION } from "../../model/origin.ts";
import type { ClusterService, TakeoverGateway, TakeoverPlan, TakeoverView } from "../../model/takeover.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { GatewayLiveness } from "../../runtime/gateway-liveness.ts";
import { LeaderElection } from "../../runtime/leader-election.ts";
import { ListenerAllotments } from "../../runtime/listener-allotments.ts";
import { TakeoverReconciler } from "../../runtime/takeover-reconciler.ts";
import { ClusterServices } from "./cluster-services.ts";
import { GatewayReports } from "./gateway-reports.ts";

/** Name of the Lease of a site's controllers. */
const LEASE = "tandem-controller";

/** After this long a Service that could not be read is read again, in milliseconds. */
const READ_AGAIN_MS = 2_000;

/** Who a controller's writes are by, in `managedFields`. */
const FIELD_MANAGER = "tandem-controller";

/** What a controller is started with. */
export interface ControllerOptions {
  readonly client: KubeClient;
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
  readonly #allotments = new ListenerAllotments();
  readonly #election: LeaderElection;
  /** While this replica leads. */
  #takeovers: TakeoverReconciler | undefined;
  #closed = false;

  private constructor(options: ControllerOptions, record: GatewayRecord) {
    this.#options = options;
    this.#site = record.site;
    const { client, clock, random, log } = options;
    const gateways = (): readonly GatewayAddress[] => this.#store.site(record.site)?.spec.gateways ?? [];
    const sources = { client, clock, random, log };
    this.#store = new KubeStore(sources, { outlives: false });
    this.#services = new ClusterServices({
      ...sources,
      isTargeted: (key) => this.#store.policyOf(key) !== undefined,
      look: (key) => this.#takeovers?.look(key),
      originChanged: (key) => this.#allotments.know(key, this.#services.origin(key)),
    });
    this.#liveness = new GatewayLiveness(
      {
        gateways,
        probe: { isReady: isGatewayReady, takesConnections },
        clock,
        log,
      },
      (service) => (service === undefined ? this.#lookAtAll() : this.#takeovers?.look(service)),
    );
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
      look: (key) => this.#takeovers?.look(key),
      clock,
      random,
      log,
    });
    const leases = new KubeLease(client, { namespace: options.namespace, name: LEASE }, () => clock.now());
    this.#election = new LeaderElection(
      { leases, identity: options.identity, clock, monotonic: options.monotonic, log },
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
    this.#store.onChange(({ services, sites }) => {
      if (sites) {
        this.#reports.update();
        this.#lookAtAll();
      }
      for (const key of services) void this.#targetChanged(key);
    });
    this.#reports.update();
    await this.#liveness.start();
    this.#election.start();
    this.#options.log.info("controller_started", { site: this.#site, identity: this.#options.identity });
  }

  /** Stops, and lets another replica lead at once. What was written stays. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#takeovers?.close();
    await this.#election.close();
    this.#certificate.close();
    this.#reports.close();
    this.#liveness.close();
    this.#services.close();
    this.#store.close();
  }

  #lead(): void {
    const { client, clock, random, log } = this.#options;
    const writer = new KubeWriter(client, FIELD_MANAGER, {
      mayWrite: () => this.#election.mayAct,
      written: (resource, object) => this.#services.learn(resource, object),
    });
    this.#takeovers = new TakeoverReconciler(
      { view: (key) => this.#view(key), writer, clock, random, log },
      { planned: (key, plan, before) => this.#planned(key, plan, before) },
    );
    this.#lookAtAll();
  }

  #follow(): void {
    this.#takeovers?.close();
    this.#takeovers = undefined;
  }

  /** Also those that were left behind by somebody who was killed. */
  #lookAtAll(): void {
    for (const key of new Set([...this.#store.targetedServices(), ...this.#services.withOrigin()]))
      this.#takeovers?.look(key);
  }

  async #targetChanged(key: ServiceKey): Promise<void> {
    try {
      if (this.#store.policyOf(key) !== undefined) await this.#services.include(key);
    } catch (error) {
      this.#options.log.warn("service_not_read", { service: key, error: String(error) });
      if (!this.#closed) this.#options.clock.after(READ_AGAIN_MS, () => void this.#targetChanged(key));
    }
    this.#takeovers?.look(key);
  }

  async #view(key: ServiceKey): Promise<TakeoverView> {
    const known = this.#services.service(key);
    const listenPorts =
      known === undefined ? new Map<number, number>() : this.#allotments.allot(key, known, this.#services.origin(key));
    const gateways = await this.#gateways(key, [...listenPorts.values()]);
    const returned = await this.#services.hasReturned(key);
    // After all waiting, so that what is decided on is what there is now.
    return {
      policy: this.#policyOf(key),
      service: this.#services.service(key),
      origin: this.#services.origin(key),
      gatewaySlices: this.#services.gatewaySlices(key),
      gateways,
      listenPorts,
      switched: this.#isSwitched(key),
      returned,
      ...this.#times(this.#services.origin(key)),
      drainMs: this.#options.drainMs,
    };
  }

  /** While no agent is heard everything stays as it is. */
  #isSwitched(key: ServiceKey): boolean {
    const service = this.#services.service(key);
    if (service === undefined) return false;
    const ports = service.spec.ports.map(({ port }) => port);
    return this.#reports.agreeOnElsewhere(key, ports) ?? isHeld(service.spec.selector);
  }

  #times(origin: ClusterService | undefined): Pick<TakeoverView, "now" | "timestamp" | "releasedAt"> {
    const now = this.#options.clock.now();
    const releasedAt = Date.parse(origin?.metadata.annotations[RELEASED_ANNOTATION] ?? "");
    return {
      now,
      timestamp: new Date(now).toISOString(),
      releasedAt: Number.isNaN(releasedAt) ? undefined : releasedAt,
    };
  }

  #policyOf(key: ServiceKey): TakeoverView["policy"] {
    const policy = this.#store.policyOf(key);
    const uid = policy?.metadata["uid"];
    const isListed = policy?.spec.sites.some(({ name }) => name === this.#site) ?? false;
    if (policy === undefined || !isListed || typeof uid !== "string") return undefined;
    return { uid, mode: policy.spec.mode ?? "Direct" };
  }

  /** Gateways that serve a Service; none before they know where. */
  async #gateways(key: ServiceKey, listeners: readonly number[]): Promise<readonly TakeoverGateway[]> {
    const admitted = this.#services
      .gatewaySlices(key)
      .flatMap(({ endpoints }) => (endpoints ?? []).filter(({ conditions }) => conditions.ready === true))
      .flatMap(({ addresses }) => addresses);
    const serving = await this.#liveness.serving(key, listeners, new Set(admitted));
    return serving
      .flatMap(({ name, address }): TakeoverGateway[] => {
        // EndpointSlices have no room for names.
        const family = ({ 4: "IPv4", 6: "IPv6" } as const)[isIP(address)];
        return family === undefined ? [] : [{ name, addresses: { [family]: address } }];
      })
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  #planned(key: ServiceKey, plan: TakeoverPlan, before: TakeoverPlan | undefined): void {
    this.#options.log.info("takeover_planned", {
      service: key,
      state: plan.state,
      before: before?.state,
      ...(plan.refusals.length === 0 ? {} : { refusals: plan.refusals.map(({ reason }) => reason) }),
    });
  }
}
