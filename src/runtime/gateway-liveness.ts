/**
 * Which gateways of the own site are alive, and at which of their listeners somebody takes connections: Kubernetes
 * itself takes 50 seconds to notice that a node is gone.
 * @module
 */
import { READY_PORT } from "../model/kinds/index.ts";
import type { ServiceKey } from "../model/service-key.ts";
import type { Clock } from "../ports/clock.ts";
import type { OwnGateway } from "../ports/gateway-registry.ts";
import type { Logger } from "../ports/logger.ts";

/** How often each gateway is asked, in milliseconds. */
const PROBE_EVERY_MS = 100;

/** A gateway that has not answered in this time has failed the probe, in milliseconds. */
const PROBE_TIMEOUT_MS = 100;

/**
 * Failed probes in a row for which a gateway is held to be dead, where another observer finds the same. More for the last
 * one, which nobody can stand in for, and where no other observer can be heard.
 */
const FAILURES = { agreed: 2, alone: 10 } as const;

/** A round that takes longer than its probes may says more of this process than of the gateways, in milliseconds. */
const STALL_MS = 50;

/** How long one that was dead has to answer again before it gets traffic, in milliseconds. */
const READMISSION_MS = 10_000;

/** How long one that somebody else has taken out stays out although it answers here, in milliseconds. */
const DOUBT_MS = 1_000;

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
  gateways(): readonly OwnGateway[];
  readonly probe: GatewayProbe;
  /**
   * Other observers that are heard, each by the address of its gateway, with the gateways that it finds dead. Absent: this
   * one is asked for what it finds itself. One whose own gateway does not answer here has no say.
   */
  readonly witnesses?: () => ReadonlyMap<string, ReadonlySet<string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Followed {
  /** Another gateway may come to have the address of one that is gone. */
  readonly name: string;
  alive: boolean;
  /** While it is held to be dead: another observer found the same. */
  agreed: boolean;
  failures: number;
  /** It does not answer here, and all other observers find that it does: said once. */
  disputed: boolean;
  /** Whether it has ever answered: one that is new has nothing to make good. */
  hasAnswered: boolean;
  /** Since when it answers, after it was dead; undefined while it does not, and while it never was. */
  answersSince: number | undefined;
  /** Until then it is not given traffic anew; Unix milliseconds. */
  doubtedUntil: number;
  /** Listeners at which somebody took a connection since it was last dead. */
  readonly listeners: Set<number>;
}

/**
 * Follows the gateways of a site. None is held to be dead by one observer alone, unless it is the only one that can be
 * heard and finds so for about a second.
 */
export class GatewayLiveness {
  readonly #sources: LivenessSources;
  readonly #changed: (service?: ServiceKey) => void;
  readonly #followed = new Map<string, Followed>();
  /** Services that are looked at again soon. */
  readonly #waiting = new Set<ServiceKey>();
  #cancel: (() => void) | undefined;
  /** Told once after the start that there is no gateway in doubt any more. */
  #settled: () => void = () => {};
  #closed = false;

  /** @param changed called when a gateway lives or dies, and, with the Service, when a listener was looked for */
  constructor(sources: LivenessSources, changed: (service?: ServiceKey) => void) {
    this.#sources = sources;
    this.#changed = changed;
  }

  /** Starts asking. Fulfilled once it is known who lives, about a second later at most. */
  async start(): Promise<void> {
    // A new gateway is held to live until it has failed as often as any other.
    for (let round = 1; round < FAILURES.agreed; round += 1) await this.#ask();
    await this.#round();
    if (this.#isSettled()) return;
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
  }

  /** Other observers may have found something else than before. */
  review(): void {
    if (!this.#closed && this.#judge()) this.#changed();
  }

  /** Asks no more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#settled();
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
  ): Promise<readonly OwnGateway[]> {
    const living = this.#sources.gateways().filter(({ address }) => this.#followed.get(address)?.alive === true);
    const tried = living.filter(({ address }) => !admitted.has(address));
    await Promise.all(tried.flatMap(({ address }) => listeners.map((port) => this.#tryListener(address, port))));
    const able = living.filter(({ address }) => {
      const followed = this.#followed.get(address);
      if (followed?.alive !== true) return false;
      return admitted.has(address) || listeners.every((port) => followed.listeners.has(port));
    });
    const undoubted = able.filter(({ address }) => admitted.has(address) || !this.#isDoubted(address));
    // One that is doubted is better than none.
    const serving = undoubted.length === 0 ? able : undoubted;
    if (serving.length < living.length) this.#lookAgain(service);
    return serving;
  }

  #isDoubted(address: string): boolean {
    return this.#sources.clock.now() < (this.#followed.get(address)?.doubtedUntil ?? 0);
  }

  /**
   * Somebody else has taken a gateway out of a slice: another replica, which may know better. For a moment it is not put
   * back, in which this one finds the same, or not.
   */
  doubt(address: string): void {
    const followed = this.#followed.get(address);
    if (followed?.alive === true) followed.doubtedUntil = this.#sources.clock.now() + DOUBT_MS;
  }

  /** Whether a gateway lives as far as is known. */
  isAlive(address: string): boolean {
    return this.#followed.get(address)?.alive === true;
  }

  /** Addresses of gateways that are held to be dead. */
  dead(): readonly string[] {
    return [...this.#followed].flatMap(([address, { alive }]) => (alive ? [] : [address])).toSorted();
  }

  /** Of these those of which another observer found the same. */
  agreedDead(): readonly string[] {
    return this.dead().filter((address) => this.#followed.get(address)?.agreed === true);
  }

  async #round(): Promise<void> {
    const startedAt = this.#sources.clock.now();
    const changed = await this.#ask();
    if (this.#closed) return;
    // All of them before anybody hears of it: two that die together leave together.
    if (changed) this.#changed();
    if (this.#isSettled()) this.#settled();
    // One that does not answer must not make the others wait: the time that it took is part of the pause.
    const pause = Math.max(0, PROBE_EVERY_MS - (this.#sources.clock.now() - startedAt));
    this.#cancel = this.#sources.clock.after(pause, () => void this.#round());
  }

  #isSettled(): boolean {
    return [...this.#followed.values()].every(
      ({ alive, failures }) => !alive || failures === 0 || failures >= FAILURES.alone,
    );
  }

  /** Asks each gateway once. Returns whether one lives or died with it. */
  async #ask(): Promise<boolean> {
    const names = new Map(this.#sources.gateways().map(({ name, address }) => [address, name]));
    for (const [address, { name }] of this.#followed) if (names.get(address) !== name) this.#followed.delete(address);
    const startedAt = this.#sources.clock.now();
    const answers = await Promise.all(
      [...names].map(async ([address, name]) => ({
        address,
        name,
        ready: await this.#sources.probe.isReady(address, READY_PORT, PROBE_TIMEOUT_MS).catch(() => false),
      })),
    );
    const stalled = this.#sources.clock.now() - startedAt > PROBE_TIMEOUT_MS + STALL_MS;
    const counting = answers.filter(({ ready }) => ready || !stalled);
    const changed = counting.filter((answer) => this.#take(answer)).length > 0;
    // After all answers: whether another observer has a say depends on its own gateway's.
    return this.#judge() || changed;
  }

  /** Returns whether a gateway is held to be dead from now on that was not before. */
  #judge(): boolean {
    return [...this.#followed].filter(([address, followed]) => this.#bury(address, followed)).length > 0;
  }

  /** Returns whether the gateway lives with this and did not before. */
  #take({ address, name, ready }: { address: string; name: string; ready: boolean }): boolean {
    const followed = this.#followed.get(address);
    if (followed === undefined) {
      const failures = ready ? 0 : 1;
      const followed = {
        name,
        alive: true,
        agreed: false,
        hasAnswered: ready,
        failures,
        disputed: false,
        answersSince: undefined,
        doubtedUntil: 0,
        listeners: new Set<number>(),
      };
      this.#followed.set(address, followed);
      return true;
    }
    if (ready) return this.#takeAnswer(address, followed);
    followed.failures += 1;
    followed.answersSince = undefined;
    return false;
  }

  #takeAnswer(address: string, followed: Followed): boolean {
    followed.failures = 0;
    followed.disputed = false;
    const isNew = !followed.hasAnswered;
    followed.hasAnswered = true;
    if (followed.alive) return false;
    const { clock, log } = this.#sources;
    followed.answersSince ??= clock.now();
    // The only one is better than none.
    const isAlone = ![...this.#followed.values()].some(({ alive }) => alive);
    if (!isAlone && !isNew && clock.now() - followed.answersSince < READMISSION_MS) return false;
    [followed.alive, followed.agreed] = [true, false];
    followed.answersSince = undefined;
    log.info("gateway_alive", { address });
    return true;
  }

  #bury(address: string, followed: Followed): boolean {
    if (!followed.alive || followed.failures < FAILURES.agreed) return false;
    const verdict = this.#verdictOfOthers(address);
    const isLast = ![...this.#followed.values()].some((other) => other !== followed && other.alive);
    if (verdict === "dead" && !isLast) {
      followed.agreed = true;
      return this.#hold(address, followed);
    }
    if (followed.failures < FAILURES.alone) return false;
    if (isLast || verdict !== "alive") return this.#hold(address, followed);
    if (!followed.disputed) this.#sources.log.warn("gateway_disputed", { address });
    followed.disputed = true;
    return false;
  }

  #hold(address: string, followed: Followed): true {
    followed.alive = false;
    followed.listeners.clear();
    this.#sources.log.warn("gateway_dead", { address });
    return true;
  }

  /** What the other observers find whose own gateways answer; undefined when there is none. One that agrees is enough. */
  #verdictOfOthers(address: string): "dead" | "alive" | undefined {
    const witnesses = this.#sources.witnesses?.();
    if (witnesses === undefined) return "dead";
    const heard = [...witnesses].filter(
      ([witness]) => witness !== address && this.#followed.get(witness)?.failures === 0,
    );
    if (heard.length === 0) return undefined;
    return heard.some(([, dead]) => dead.has(address)) ? "dead" : "alive";
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
