/**
 * Keeps the status of policies as it should be, and tells of what happened. One policy is written at most once a second.
 * @module
 */
import { isSameStatus, planPolicyStatus, type PolicyStatusView } from "../core/status/plan-policy-status.ts";
import { policyEvents } from "../core/status/policy-events.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { PolicyStatus } from "../model/policy-status.ts";
import type { Clock } from "../ports/clock.ts";
import type { WriteOutcome } from "../ports/cluster-writer.ts";
import type { Logger } from "../ports/logger.ts";
import type { ReadPolicy, StatusWriter } from "../ports/status-writer.ts";
import { KeyQueue } from "./key-queue.ts";
import { Turnstile } from "./turnstile.ts";

/** Between two writes of one policy's status, in milliseconds. */
const PAUSE_MS = 1_000;

/** After a write that failed, in milliseconds; shortened at random by up to half. */
const LONGEST_PAUSE_MS = 10_000;

/** Statuses that are written at a time: these have time, and what switches Services is not to wait for them. */
const MOST_WRITTEN_AT_A_TIME = 8;

/** A policy and all that its status is made from. */
export interface FollowedPolicy {
  readonly policy: ReadPolicy;
  readonly view: PolicyStatusView;
}

/** What statuses are worked out from, and who writes them. */
export interface PolicyStatusSources {
  /** By `namespace/name`; undefined when it is gone. */
  follow(policy: string): FollowedPolicy | undefined;
  readonly writer: StatusWriter;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Reconciles statuses, each on its own. */
export class PolicyStatusReconciler {
  readonly #sources: PolicyStatusSources;
  readonly #queue = new KeyQueue<string>((key) => this.#begin(key));
  readonly #turnstile = new Turnstile(MOST_WRITTEN_AT_A_TIME);
  /** Written not long ago or being written; true: to be looked at again after that. */
  readonly #resting = new Map<string, boolean>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<() => void>();
  #closed = false;

  constructor(sources: PolicyStatusSources) {
    this.#sources = sources;
  }

  /** Queues a policy by `namespace/name`. */
  look(policy: string): void {
    this.#queue.add(policy);
  }

  /** Writes nothing any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
  }

  #begin(key: string): void {
    if (this.#closed) return;
    if (this.#resting.has(key)) {
      this.#resting.set(key, true);
      return;
    }
    const followed = this.#sources.follow(key);
    const status = followed === undefined ? undefined : planPolicyStatus(followed.view);
    if (followed === undefined || status === undefined || isSameStatus(followed.view.before, status)) return;
    this.#resting.set(key, false);
    void this.#turnstile.pass(() => this.#write(followed, status)).then((outcome) => this.#rest(key, outcome));
  }

  /** Events first: whoever dies in between leaves a successor that tells the same once more, which is there already. */
  async #write({ policy, view }: FollowedPolicy, status: PolicyStatus): Promise<WriteOutcome> {
    const { writer, log } = this.#sources;
    const before = PolicyStatus.safeParse(view.before).data;
    const since = JSON.stringify([before?.conditions, before?.lastFailover?.at]);
    const told = await Promise.all(
      policyEvents(before, status).map((event) =>
        writer.tell(policy, event, fingerprint(`${policy.uid} ${event.reason} ${since}`).toString(36)),
      ),
    );
    for (const outcome of told)
      if (outcome.became === "failed") log.warn("event_not_written", { policy: policy.name, message: outcome.message });
    return writer.writeStatus(policy, status);
  }

  #rest(key: string, outcome: WriteOutcome): void {
    if (this.#closed) return;
    let pause: number = PAUSE_MS;
    if (outcome.became === "written") this.#failures.delete(key);
    else {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      pause = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (failures - 1)) * (1 - this.#sources.random() / 2);
      // It has to come about also when nothing else happens.
      this.#resting.set(key, true);
      if (outcome.became === "failed")
        this.#sources.log.warn("status_not_written", { policy: key, reason: outcome.reason, message: outcome.message });
    }
    const cancel = this.#sources.clock.after(pause, () => {
      this.#timers.delete(cancel);
      const isDirty = this.#resting.get(key) === true;
      this.#resting.delete(key);
      if (isDirty) this.look(key);
    });
    this.#timers.add(cancel);
  }
}
