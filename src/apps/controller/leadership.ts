/**
 * All that only the leader among a site's controllers does: it begins and ends as one.
 * @module
 */
import type { GatewayLeases } from "../../adapters/kube/gateway-leases.ts";
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KubeStatusWriter } from "../../adapters/kube/kube-status-writer.ts";
import { KubeWriter } from "../../adapters/kube/kube-writer.ts";
import type { TandemLeases } from "../../adapters/kube/tandem-leases.ts";
import type { CertificateKeeper } from "../../adapters/identity/certificate-keeper.ts";
import { namespaceOf, type ServiceKey } from "../../model/service-key.ts";
import type { TakeoverPlan, TakeoverView } from "../../model/takeover.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { ObjectSet } from "../../ports/object-store.ts";
import type { GatewayLiveness } from "../../runtime/gateway-liveness.ts";
import { PolicyStatusReconciler } from "../../runtime/policy-status-reconciler.ts";
import { TakeoverReconciler } from "../../runtime/takeover-reconciler.ts";
import type { ClusterServices } from "./cluster-services.ts";
import { followPolicy, keyOfPolicy, targetsOf } from "./follow-policy.ts";
import { GatewayRegister } from "./gateway-register.ts";
import type { GatewayReports } from "./gateway-reports.ts";
import { HeldRecord } from "./held-record.ts";
import { JoinRegister } from "./join-register.ts";

/** Who a controller's writes are by, in `managedFields`. */
export const FIELD_MANAGER = "tandem-controller";

/** What every replica has, and what a leader works with. */
export interface LeadershipSources {
  readonly client: KubeClient;
  readonly site: string;
  readonly namespace: string;
  /** The replica. */
  readonly identity: string;
  /** File with the authority's certificate. */
  readonly authorityCertificate: string;
  readonly store: ObjectSet;
  readonly services: ClusterServices;
  readonly leases: TandemLeases;
  readonly gatewayLeases: GatewayLeases;
  readonly liveness: GatewayLiveness;
  readonly reports: GatewayReports;
  readonly certificate: CertificateKeeper;
  /** Everything that is known of a Service now. */
  view(service: ServiceKey): Promise<TakeoverView>;
  /** Whether this replica leads at this very moment: asked right before each write. */
  mayWrite(): boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The duties of a leader, from the moment it leads. */
export class Leadership {
  readonly #sources: LeadershipSources;
  readonly #takeovers: TakeoverReconciler;
  readonly #statuses: PolicyStatusReconciler;
  readonly #register: GatewayRegister;
  readonly #joins: JoinRegister;
  readonly #heldRecord: HeldRecord;

  constructor(sources: LeadershipSources) {
    this.#sources = sources;
    const { client, clock, random, log, services, store, identity } = sources;
    const mayWrite = (): boolean => sources.mayWrite();
    this.#takeovers = new TakeoverReconciler(
      {
        view: (key) => sources.view(key),
        writer: new KubeWriter(client, FIELD_MANAGER, {
          mayWrite,
          written: (resource, object) => services.learn(resource, object),
        }),
        clock,
        random,
        log,
      },
      { planned: (key, plan, before) => this.#planned(key, plan, before) },
    );
    this.#statuses = new PolicyStatusReconciler({
      follow: (policy) =>
        followPolicy(policy, { ...sources, planOf: (service) => this.#takeovers.planOf(service), now: clock.now() }),
      writer: new KubeStatusWriter(client, {
        name: FIELD_MANAGER,
        instance: identity,
        now: () => clock.now(),
        mayWrite,
      }),
      clock,
      random,
      log,
    });
    this.#register = new GatewayRegister({
      ...sources,
      leases: sources.gatewayLeases,
      sign: sources.certificate.sign,
      isAlive: (address) => sources.liveness.isAlive(address),
    });
    this.#joins = new JoinRegister({ ...sources, siteOf: (name) => store.site(name) });
    this.#heldRecord = new HeldRecord({ ...sources, held: () => services.held() });
    this.#heldRecord.look();
    this.lookAtAll();
  }

  /** Ends all of it. */
  close(): void {
    for (const duty of [this.#takeovers, this.#statuses, this.#register, this.#joins, this.#heldRecord]) duty.close();
  }

  /** Something of a Service may have changed. */
  look(service: ServiceKey): void {
    this.#takeovers.look(service);
    this.#heldRecord.look();
    const policy = this.#sources.store.policyOf(service);
    if (policy !== undefined) this.#statuses.look(keyOfPolicy(policy));
  }

  /** Also at those that were left behind by somebody who was killed. */
  lookAtAll(): void {
    const { store, services } = this.#sources;
    for (const key of new Set([...store.targetedServices(), ...services.withOrigin()])) this.#takeovers.look(key);
    for (const policy of store.policies()) this.#statuses.look(keyOfPolicy(policy));
  }

  /** Something that matters to the Services of a namespace has changed; to those of all when undefined. */
  lookAtNamespace(namespace: string | undefined): void {
    const { store } = this.#sources;
    for (const key of store.targetedServices())
      if (namespace === undefined || namespaceOf(key) === namespace) this.#takeovers.look(key);
  }

  /** Policies of Services may have changed, also those that do not count because another one was there first. */
  lookAtPolicies(services: ReadonlySet<ServiceKey>): void {
    for (const policy of this.#sources.store.policies())
      if (targetsOf(policy).some((key) => services.has(key))) this.#statuses.look(keyOfPolicy(policy));
  }

  #planned(key: ServiceKey, plan: TakeoverPlan, before: TakeoverPlan | undefined): void {
    this.#sources.log.info("takeover_planned", {
      service: key,
      state: plan.state,
      before: before?.state,
      ...(plan.refusals.length === 0 ? {} : { refusals: plan.refusals.map(({ reason }) => reason) }),
      ...(plan.bypassed === true ? { bypassed: true } : {}),
    });
    const policy = this.#sources.store.policyOf(key);
    if (policy !== undefined) this.#statuses.look(keyOfPolicy(policy));
  }
}
