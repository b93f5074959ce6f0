/**
 * Which gateways of the own site are alive, and at which of their listeners somebody takes connections: Kubernetes
 * itself takes 50 seconds to notice that a node is gone.
 * @module
 */
import type { GatewayAddress } from "../model/kinds/index.ts";
import { READY_PORT } from "../model/kinds/index.ts";
import type { ServiceKey } from "../model/service-key.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** How often each gateway is asked, in milliseconds. */
const PROBE_EVERY_MS = 100;

/** A gateway that has not answered in this time has failed the probe, in milliseconds. */
const PROBE_TIMEOUT_MS = 100;

/** Failed probes in a row for which a gateway is held to be dead: more for the last one, which nobody can stand in for. */
const FAILURES = { first: 2, last: 10 } as const;

/** A round that takes longer than its probes may says more of this process than of the gateways, in milliseconds. */
const STALL_MS = 50;

/** How long one that was dead has to answer again before it gets traffic, in milliseconds. */
const READMISSION_MS = 10_000;

/** How often a listener that is not there yet is looked for, in milliseconds. */
const LISTENER_EVERY_MS = 100;

/** How gateways are asked. */
export interface GatewayProbe {
  isReady(address: string, port: number, timeoutMs: number): Promise<boolean>;
  takesConnections(address: string, port: number, timeoutMs: number): Promise<boolean>;
}

/** What gateways are and how they are asked. */
export interface LivenessSources {
  /** Those that the site has. */
  gateways(): readonly GatewayAddress[];
  readonly probe: GatewayProbe;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Followed {
  alive: boolean;
  failures: number;
  /** Since when it answers, after it was dead; undefined while it does not, and while it never was. */
  answersSince: number | undefined;
  /** Listeners at which somebody took a connection since it was last dead. */
  readonly listeners: Set<number>;
}

/** Follows the gateways of a site. */
export class GatewayLiveness {
  readonly #sources: LivenessSources;
  readonly #changed: (service?: ServiceKey) => void;
  readonly #followed = new Map<string, Followed>();
  /** Services that are looked at again soon. */
  readonly #waiting = new Set<ServiceKey>();
  #cancel: (() => void) | undefined;
  #closed = false;

  /** @param changed called when a gateway lives or dies, and, with the Service, when a listener was looked for */
  constructor(sources: LivenessSources, changed: (service?: ServiceKey) => void) {
    this.#sources = sources;
    this.#changed = changed;
  }

  /** Starts asking. Fulfilled once it is known who lives. */
  async start(): Promise<void> {
    // A new gateway is held to live until it has failed as often as any other.
    for (let round = 1; round < FAILURES.first; round += 1) await this.#ask();
    await this.#round();
  }

  /** Asks no more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /**
   * The gateways that live and take connections at all listeners of a Service. One at which nobody was seen yet is tried
   * first: what is not known must not look like what is not there. Where nobody is the Service is looked at again soon.
   * @param admitted addresses that the Service goes to already: they stay for as long as they live
   */
  async serving(
    service: ServiceKey,
    listeners: readonly number[],
    admitted: ReadonlySet<string>,
  ): Promise<readonly GatewayAddress[]> {
    const living = this.#sources.gateways().filter(({ address }) => this.#followed.get(address)?.alive === true);
    const tried = living.filter(({ address }) => !admitted.has(address));
    await Promise.all(tried.flatMap(({ address }) => listeners.map((port) => this.#tryListener(address, port))));
    const serving = living.filter(({ address }) => {
      const followed = this.#followed.get(address);
      if (followed?.alive !== true) return false;
      return admitted.has(address) || listeners.every((port) => followed.listeners.has(port));
    });
    if (serving.length < living.length) this.#lookAgain(service);
    return serving;
  }

  async #round(): Promise<void> {
    const changed = await this.#ask();
    if (this.#closed) return;
    // All of them before anybody hears of it: two that die together leave together.
    if (changed) this.#changed();
    this.#cancel = this.#sources.clock.after(PROBE_EVERY_MS, () => void this.#round());
  }

  /** Asks each gateway once. Returns whether one lives or died with it. */
  async #ask(): Promise<boolean> {
    const addresses = new Set(this.#sources.gateways().map(({ address }) => address));
    for (const address of this.#followed.keys()) if (!addresses.has(address)) this.#followed.delete(address);
    const startedAt = this.#sources.clock.now();
    const answers = await Promise.all(
      [...addresses].map(async (address) => ({
        address,
        ready: await this.#sources.probe.isReady(address, READY_PORT, PROBE_TIMEOUT_MS).catch(() => false),
      })),
    );
    const stalled = this.#sources.clock.now() - startedAt > PROBE_TIMEOUT_MS + STALL_MS;
    const counting = answers.filter(({ ready }) => ready || !stalled);
    return counting.filter(({ address, ready }) => this.#take(address, ready)).length > 0;
  }

  /** Returns whether the gateway lives or died with this. */
  #take(address: string, ready: boolean): boolean {
    const followed = this.#followed.get(address);
    if (followed === undefined) {
      const failures = ready ? 0 : 1;
      this.#followed.set(address, { alive: true, failures, answersSince: undefined, listeners: new Set() });
      return true;
    }
    return ready ? this.#takeAnswer(address, followed) : this.#takeFailure(address, followed);
  }

  #takeAnswer(address: string, followed: Followed): boolean {
    followed.failures = 0;
    if (followed.alive) return false;
    const { clock, log } = this.#sources;
    followed.answersSince ??= clock.now();
    // The only one is better than none.
    const isAlone = ![...this.#followed.values()].some(({ alive }) => alive);
    if (!isAlone && clock.now() - followed.answersSince < READMISSION_MS) return false;
    followed.alive = true;
    followed.answersSince = undefined;
    log.info("gateway_alive", { address });
    return true;
  }

  #takeFailure(address: string, followed: Followed): boolean {
    followed.failures += 1;
    followed.answersSince = undefined;
    const isLast = ![...this.#followed.values()].some((other) => other !== followed && other.alive);
    if (!followed.alive || followed.failures < (isLast ? FAILURES.last : FAILURES.first)) return false;
    followed.alive = false;
    followed.listeners.clear();
    this.#sources.log.warn("gateway_dead", { address });
    return true;
  }

  async #tryListener(address: string, port: number): Promise<void> {
    const followed = this.#followed.get(address);
    if (followed === undefined || followed.listeners.has(port)) return;
    const taken = await this.#sources.probe.takesConnections(address, port, PROBE_TIMEOUT_MS).catch(() => false);
    if (taken && followed.alive) followed.listeners.add(port);
  }

  #lookAgain(service: ServiceKey): void {
    if (this.#waiting.has(service) || this.#closed) return;
    this.#waiting.add(service);
    this.#sources.clock.after(LISTENER_EVERY_MS, () => {
      this.#waiting.delete(service);
      if (!this.#closed) this.#changed(service);
    });
  }
}
