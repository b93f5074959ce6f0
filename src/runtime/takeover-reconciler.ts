/**
 * Keeps Services of a cluster where they should go: an event only says "look again". One Service at a time is looked at
 * once, and its writes go out together.
 * @module
 */
import { isHeld } from "../core/takeover/selector.ts";
import { selectorManager } from "../core/takeover/selector-manager.ts";
import { planTakeover } from "../core/takeover/plan-takeover.ts";
import { namespaceOf, type ServiceKey } from "../model/service-key.ts";
import type { TakeoverPlan, TakeoverView } from "../model/takeover.ts";
import type { Clock } from "../ports/clock.ts";
import type { ClusterWriter, WriteOutcome } from "../ports/cluster-writer.ts";
import type { Logger } from "../ports/logger.ts";
import { KeyQueue } from "./key-queue.ts";
import { SelectorContests } from "./selector-contest.ts";
import { Turnstile } from "./turnstile.ts";

/** Pauses after failed writes in a row, in milliseconds; each is shortened at random by up to half. */
const PAUSE_MS = { first: 100, longest: 10_000 } as const;

/** After a write what there is now is looked at again, in milliseconds, in case a change of it was never told. */
const LOOK_AGAIN_MS = 5_000;

/** While a selector is back and Kubernetes' own slices are not, these are looked for this often, in milliseconds. */
const RETURN_CHECK_MS = 100;

/**
 * Services that are written at a time, with two or three requests each: with more the API server answers all of them late,
 * the renewal of the leader's Lease among them.
 */
const MOST_WRITTEN_AT_A_TIME = 16;

/** What a takeover is worked out from, and who carries it out. */
export interface TakeoverSources {
  /** Everything that is known of a Service now. May ask the API server for what is not followed. */
  view(service: ServiceKey): Promise<TakeoverView>;
  readonly writer: ClusterWriter;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** What the rest of the controller hears. */
export interface TakeoverEvents {
  /** Where a Service stands has changed, or was worked out for the first time. */
  planned(service: ServiceKey, plan: TakeoverPlan, before: TakeoverPlan | undefined): void;
}

/** Reconciles Services, each on its own. */
export class TakeoverReconciler {
  readonly #sources: TakeoverSources;
  readonly #events: TakeoverEvents;
  readonly #queue = new KeyQueue<ServiceKey>((key) => this.#begin(key));
  readonly #turnstile = new Turnstile(MOST_WRITTEN_AT_A_TIME);
  readonly #plans = new Map<ServiceKey, TakeoverPlan>();
  /** Those that are being worked on, each with whether it has to be looked at again afterwards. */
  readonly #busy = new Map<ServiceKey, boolean>();
  readonly #failures = new Map<ServiceKey, number>();
  readonly #contests = new SelectorContests();
  readonly #timers = new Map<ServiceKey, () => void>();
  #closed = false;

  constructor(sources: TakeoverSources, events: TakeoverEvents) {
    this.#sources = sources;
    this.#events = events;
  }

  /** Queues a Service. */
  look(key: ServiceKey): void {
    this.#queue.add(key);
  }

  /** What was planned last. */
  planOf(key: ServiceKey): TakeoverPlan | undefined {
    return this.#plans.get(key);
  }

  /** Writes nothing any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #begin(key: ServiceKey): void {
    if (this.#closed) return;
    if (this.#busy.has(key)) {
      this.#busy.set(key, true);
      return;
    }
    this.#busy.set(key, false);
    void this.#reconcile(key).then((lookAgainInMs) => {
      const isDirty = this.#busy.get(key) ?? false;
      this.#busy.delete(key);
      if (isDirty) this.look(key);
      else if (lookAgainInMs !== undefined) this.#lookLater(key, lookAgainInMs);
    });
  }

  /** Returns when to look again although nobody says so, in milliseconds. */
  async #reconcile(key: ServiceKey): Promise<number | undefined> {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    try {
      const plan = await this.#plan(key);
      if (plan === undefined) return undefined;
      if (plan.changes.length === 0) return this.#pauseAfter(key, plan, []);
      // What was planned before a wait may be wrong after it.
      const waits = this.#turnstile.isFull;
      return await this.#turnstile.pass(async () => {
        const current = waits ? await this.#plan(key) : plan;
        return current === undefined ? undefined : await this.#write(key, current);
      });
    } catch (error) {
      this.#sources.log.error("takeover_not_worked_out", { service: key, error: String(error) });
      return this.#backOff(key);
    }
  }

  #contested(key: ServiceKey, view: TakeoverView): TakeoverView {
    const { service, now } = view;
    if (service === undefined) this.#contests.forget(key);
    else {
      const shouldBe = this.#plans.get(key)?.state === "Held";
      this.#contests.see(key, { isHeld: isHeld(service.spec.selector), shouldBe, by: selectorManager(service), now });
    }
    return { ...view, contest: this.#contests.of(key, now) };
  }

  /** Undefined once this is closed. */
  async #plan(key: ServiceKey): Promise<TakeoverPlan | undefined> {
    const plan = planTakeover(this.#contested(key, await this.#sources.view(key)));
    if (this.#closed) return undefined;
    this.#take(key, plan);
    return plan;
  }

  async #write(key: ServiceKey, plan: TakeoverPlan): Promise<number | undefined> {
    const namespace = namespaceOf(key);
    const outcomes = await Promise.all(plan.changes.map((change) => this.#sources.writer.write(namespace, change)));
    return this.#pauseAfter(key, plan, outcomes);
  }

  #take(key: ServiceKey, plan: TakeoverPlan): void {
    const before = this.#plans.get(key);
    if (plan.state === "Released") this.#plans.delete(key);
    else this.#plans.set(key, plan);
    if (before === undefined || toldOf(before) !== toldOf(plan)) this.#events.planned(key, plan, before);
  }

  #pauseAfter(key: ServiceKey, plan: TakeoverPlan, outcomes: readonly WriteOutcome[]): number | undefined {
    const failed = outcomes.filter((outcome) => outcome.became === "failed");
    for (const { reason, message } of failed)
      this.#sources.log.warn("takeover_not_written", { service: key, reason, message });
    if (failed.length > 0) return Math.max(this.#backOff(key), ...failed.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    const outdated = outcomes.find((outcome) => outcome.became === "outdated");
    if (outdated !== undefined) {
      // What was outdated shows soon: somebody else's change is on its way here. If it does not, something is in the way.
      const pause = this.#backOff(key);
      if ((this.#failures.get(key) ?? 0) > 2)
        this.#sources.log.warn("takeover_not_written", { service: key, reason: "Outdated", message: outdated.message });
      return pause;
    }
    this.#failures.delete(key);
    const afterWrite = outcomes.length > 0 ? LOOK_AGAIN_MS : undefined;
    if (plan.nextLookAt !== undefined) {
      const wait = Math.max(0, plan.nextLookAt - this.#sources.clock.now());
      return Math.min(wait, afterWrite ?? wait);
    }
    return plan.state === "Returning" ? RETURN_CHECK_MS : afterWrite;
  }

  #backOff(key: ServiceKey): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const pause = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (failures - 1));
    return pause * (1 - this.#sources.random() / 2);
  }

  #lookLater(key: ServiceKey, ms: number): void {
    if (this.#closed) return;
    this.#timers.set(
      key,
      this.#sources.clock.after(ms, () => this.look(key)),
    );
  }
}

/** What of a plan others hear. */
function toldOf({ state, refusals, bypassed, contestedBy }: TakeoverPlan): string {
  return JSON.stringify([state, refusals, bypassed ?? false, contestedBy ?? ""]);
}
