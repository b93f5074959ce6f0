/**
 * Keeps one gateway's services as they should be: an event only says "look again".
 * @module
 */
import type { FilterChainJson } from "../gen/envoy/config/listener/v3/listener_components_pb.js";
import { conditionsOf } from "../core/failover/conditions.ts";
import { judge, type Verdict } from "../core/failover/judge.ts";
import { plan } from "../core/failover/plan.ts";
import { questionsOf } from "../core/failover/program-check.ts";
import { translateEndpoints, translateService, translateTcpChain } from "../core/envoy/translate.ts";
import type { Problem } from "../model/problem.ts";
import { type ServiceKey, serviceOf, type ServicePortKey, splitServicePortKey } from "../model/service-key.ts";
import type { ServiceProgram } from "../model/service-program.ts";
import type { HeldSite } from "../model/catalog.ts";
import { endpointKey, type FailoverRecord, type ServiceView } from "../model/service-view.ts";
import type { ServiceStatus } from "../model/status.ts";
import type { ResourceSink } from "./gateway-context.ts";
import type { FollowedEndpoint } from "./health-table.ts";
import { auditOrders } from "./audit-orders.ts";
import { auditReferences } from "./audit-references.ts";
import { KeyQueue } from "./key-queue.ts";
import { inOrderOfPorts } from "./listen-ports.ts";
import { type BuiltView, buildViews, type ViewSources } from "./view-builder.ts";

/** What the rest of the agent hears of decisions. */
export interface ReconcilerEvents {
  /** The set of TCP services changed, so the way in for peers has to be built again. */
  tcpChainsChanged(): void;
  failedOver(service: ServicePortKey, record: FailoverRecord): void;
  /** There is no such service any more. */
  removed(service: ServicePortKey): void;
  /** Sites this gateway holds back for a service, for its siblings. */
  holdsChanged(service: ServicePortKey, sites: readonly HeldSite[]): void;
  /** Something that status or catalog show of a service may have changed. */
  statusChanged(service: ServiceKey): void;
  /** A service could not be worked out: a defect. What was in force for it stays, and the others go on. */
  failed(service: ServiceKey, error: unknown): void;
}

/** What of a status others know. */
export interface StatusInputs {
  rejectionsOf(service: ServicePortKey): readonly string[];
  differingOf(service: ServiceKey): readonly string[];
}

interface Current {
  readonly view: ServiceView;
  readonly verdict: Verdict;
  readonly program: ServiceProgram;
  readonly programText: ProgramText;
  readonly problems: readonly Problem[];
  readonly tcpChain: FilterChainJson | undefined;
  readonly cancelTimer: (() => void) | undefined;
}

/** A program as text, to see what of it changed. */
interface ProgramText {
  readonly endpoints: string;
  readonly rest: string;
}

/** Reconciles services, one at a time, each on its own. */
export class ServiceReconciler {
  readonly #sources: ViewSources;
  readonly #sink: ResourceSink;
  readonly #events: ReconcilerEvents;
  readonly #queue = new KeyQueue<ServiceKey>((key, noticedAt) => {
    if (!this.#closed) this.#tryReconcile(key, noticedAt);
  });
  readonly #current = new Map<ServicePortKey, Current>();
  readonly #portsOf = new Map<ServiceKey, readonly ServicePortKey[]>();
  readonly #failed = new Map<ServiceKey, Problem>();
  #closed = false;

  constructor(sources: ViewSources, sink: ResourceSink, events: ReconcilerEvents) {
    this.#sources = sources;
    this.#sink = sink;
    this.#events = events;
  }

  /** Queues a Service. */
  look(key: ServiceKey): void {
    this.#queue.add(key);
  }

  /** Queues all Services, also those that are gone. */
  lookAtAll(): void {
    for (const key of this.#sources.store.targetedServices()) this.#queue.add(key);
    for (const key of this.#portsOf.keys()) this.#queue.add(key);
  }

  /** Looks at all Services at once, before anything is published: an agent that knows half must not act on it. */
  reconcileAll(): void {
    for (const key of inOrderOfPorts(this.#sources.store)) this.#tryReconcile(key, performance.now());
  }

  /** Decides nothing any more; what is queued is dropped. */
  close(): void {
    this.#closed = true;
    for (const { cancelTimer } of this.#current.values()) cancelTimer?.();
  }

  /** Chains of TCP services for the peers' listener, in order of their names. */
  tcpChains(): readonly FilterChainJson[] {
    const chains = [...this.#current.values()].flatMap(({ tcpChain }) => (tcpChain === undefined ? [] : [tcpChain]));
    return chains.sort((left, right) => ((left.name ?? "") < (right.name ?? "") ? -1 : 1));
  }

  /** All services. */
  services(): readonly ServicePortKey[] {
    return [...this.#current.keys()];
  }

  /** Those of `owners` whose resources are to stay: of services that there are, and of those that could not be worked out. */
  keep(owners: readonly string[]): readonly string[] {
    const now = new Set(this.services().map(ownerOf));
    const failed = [...this.#failed.keys()].map((service) => `service/${service}/`);
    return owners.filter((owner) => now.has(owner) || failed.some((prefix) => owner.startsWith(prefix)));
  }

  /** Ports of a Service that have endpoints here. */
  offered(key: ServiceKey): readonly number[] {
    return (this.#portsOf.get(key) ?? []).flatMap((portKey) =>
      (this.#current.get(portKey)?.view.local.length ?? 0) === 0 ? [] : [splitServicePortKey(portKey).port],
    );
  }

  /** Sites held back here, by service. */
  holds(): readonly (readonly [ServicePortKey, readonly HeldSite[]])[] {
    return [...this.#current].flatMap(([key, { verdict }]) => {
      const sites = holdsOf(verdict);
      return sites.length === 0 ? [] : [[key, sites] as const];
    });
  }

  /** The status of all services. */
  statuses(inputs: StatusInputs): readonly ServiceStatus[] {
    return [...this.#current].map(([service, current]) => statusOf(service, current, inputs));
  }

  /** The status of each port of a Service. */
  statusesOf(key: ServiceKey, inputs: StatusInputs): readonly ServiceStatus[] {
    return (this.#portsOf.get(key) ?? []).flatMap((service) => {
      const current = this.#current.get(service);
      return current === undefined ? [] : [statusOf(service, current, inputs)];
    });
  }

  /** What is wrong with objects beyond their syntax. */
  problems(): readonly Problem[] {
    const { clock, context, knowledge, store } = this.#sources;
    const at = { site: context.site, now: clock.now() };
    const found: Problem[] = [...this.#failed.values()];
    for (const { problems } of this.#current.values()) found.push(...problems);
    return [...found, ...auditReferences(store, at.now), ...auditOrders(store, knowledge, at)];
  }

  #tryReconcile(key: ServiceKey, noticedAt: number): void {
    try {
      this.#reconcile(key, noticedAt);
      this.#failed.delete(key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failed.set(key, {
        message: `Service ${key} could not be worked out, so that what was in force for it stays: ${reason}`,
        remedy:
          "Report this with the Service's manifests; taking back the last change to them helps until it is mended",
      });
      this.#events.failed(key, error);
    }
  }

  #reconcile(key: ServiceKey, noticedAt: number): void {
    const built = buildViews(this.#sources, key);
    const ports = built.map(({ view }) => view.service);
    for (const gone of (this.#portsOf.get(key) ?? []).filter((port) => !ports.includes(port)))
      this.#remove(gone, noticedAt);
    if (ports.length === 0) this.#portsOf.delete(key);
    else this.#portsOf.set(key, ports);
    for (const one of built) this.#reconcilePort(one, noticedAt);
    for (const waiting of this.#sources.listenPorts.takeFreed()) this.look(waiting);
    this.#events.statusChanged(key);
  }

  #reconcilePort({ view: built, problems }: BuiltView, noticedAt: number): void {
    const before = this.#current.get(built.service);
    before?.cancelTimer?.();
    const { health } = this.#sources;
    health.ask(built.service, questionsOf(built), built.now);
    const view = { ...built, health: health.of(built.service) };
    const verdict = judge(view);
    const program = plan(view, verdict);
    const programText = textOf(program);
    const tcpChain = programText.rest === before?.programText.rest ? before.tcpChain : translateTcpChain(program);
    const { memory } = this.#sources;
    health.follow(view.service, followedOf(program), view.now);
    // Before anything is remembered: what could not be published has to be tried again.
    this.#publish(before?.programText, { program, programText }, noticedAt);
    const cancelTimer = this.#lookAgain(view, verdict);
    const now = { view, verdict, program, programText, problems, tcpChain, cancelTimer };
    this.#current.set(view.service, now);
    if (JSON.stringify(verdict.memory) !== JSON.stringify(view.memory)) memory.set(view.service, verdict.memory);
    this.#tell(before, now);
  }

  /** When time alone will change the verdict. */
  #lookAgain(view: ServiceView, { nextLookAt }: Verdict): (() => void) | undefined {
    if (nextLookAt === undefined) return undefined;
    const wait = Math.max(0, nextLookAt - view.now);
    return this.#sources.clock.after(wait, () => this.look(serviceOf(view.service)));
  }

  #publish(
    before: ProgramText | undefined,
    { program, programText }: Pick<Current, "program" | "programText">,
    noticedAt: number,
  ): void {
    const { eventLog, writeSocket, peerHops } = this.#sources.context;
    const files = { healthEvents: { path: eventLog }, writeSocket, peerHops };
    const owner = ownerOf(program.service);
    if (programText.rest !== before?.rest) this.#sink.replace(owner, translateService(program, files), noticedAt);
    else if (programText.endpoints !== before.endpoints)
      this.#sink.update(owner, translateEndpoints(program, files), noticedAt);
  }

  #tell(before: Current | undefined, { view, verdict, tcpChain }: Current): void {
    if (JSON.stringify(tcpChain) !== JSON.stringify(before?.tcpChain)) this.#events.tcpChainsChanged();
    const holds = holdsOf(verdict);
    if (JSON.stringify(holds) !== JSON.stringify(before === undefined ? [] : holdsOf(before.verdict)))
      this.#events.holdsChanged(view.service, holds);
    if (verdict.failover !== undefined) this.#events.failedOver(view.service, verdict.failover);
  }

  #remove(service: ServicePortKey, noticedAt: number): void {
    const current = this.#current.get(service);
    current?.cancelTimer?.();
    this.#current.delete(service);
    this.#sources.memory.delete(service);
    this.#sources.listenPorts.release(service);
    this.#sources.health.forget(service);
    this.#sink.replace(ownerOf(service), [], noticedAt);
    this.#events.removed(service);
    if (current?.tcpChain !== undefined) this.#events.tcpChainsChanged();
  }
}

function statusOf(service: ServicePortKey, { view, verdict, program }: Current, inputs: StatusInputs): ServiceStatus {
  return {
    service,
    protocol: program.protocol,
    listen: view.listen === undefined ? undefined : endpointKey(view.listen.address, view.listen.port),
    servingSite: verdict.servingSite,
    servingSince: verdict.memory.serving?.since,
    sites: verdict.sites.map((site) => ({
      name: site.site,
      healthy: site.usable,
      total: site.total,
      standby: site.standby,
    })),
    check: describeCheck(program),
    checkIntervalMs: program.check.intervalMs,
    switch: view.activeSwitch,
    lastFailover: verdict.memory.lastFailover,
    conditions: conditionsOf(view, verdict, {
      rejections: inputs.rejectionsOf(service),
      differing: inputs.differingOf(serviceOf(service)),
    }),
  };
}

/** The owner of a service's resources. */
function ownerOf(service: ServicePortKey): string {
  return `service/${service}`;
}

/** Sites held back, in alphabetical order. */
function holdsOf({ memory }: Verdict): readonly HeldSite[] {
  return Object.entries(memory.holds)
    .map(([site, { trigger }]) => ({ site, trigger }))
    .toSorted((left, right) => (left.site < right.site ? -1 : 1));
}

/** Most changes are changes of endpoints: whatever follows from the rest need not be made again for them. */
function textOf(program: ServiceProgram): ProgramText {
  const tiers = program.tiers.map(({ site, local }) => ({ site, local }));
  return {
    endpoints: JSON.stringify(program.tiers),
    rest: JSON.stringify({ ...program, tiers }),
  };
}

/** The endpoints of a program, as health is followed. */
function followedOf({ tiers }: ServiceProgram): readonly FollowedEndpoint[] {
  return tiers.flatMap((tier) =>
    tier.endpoints.map(({ address, port, checked }) => ({ endpoint: endpointKey(address, port), checked })),
  );
}

function describeCheck({ check }: ServiceProgram): string {
  if (check.kind === "http") return `http GET ${check.path}`;
  return check.send === undefined
    ? "tcp connect (cannot see a hung process)"
    : `tcp send ${JSON.stringify(check.send)}, receive ${JSON.stringify(check.receive)}`;
}
