/**
 * One leader among replicas by a Lease, as Kubernetes' own controllers do it: nobody trusts another one's clock. A lease
 * is over when it has not been renewed for as long as it says, by the clock of who watches it.
 * @module
 */
import type { Clock } from "../ports/clock.ts";
import type { LeaseRecord, LeaseStore } from "../ports/lease-store.ts";
import type { Logger } from "../ports/logger.ts";

/** How long a lease lasts, in milliseconds: the longest time without a leader after one was killed, and a retry. */
const DURATION_MS = 3_000;

/** A leader that has not renewed its lease for this long acts no more: before anybody else may, in milliseconds. */
const RENEW_WITHIN_MS = 2_000;

/** How often it is renewed, or looked at, in milliseconds. */
const EVERY_MS = 500;

/** What an election is made of. */
export interface ElectionSources {
  readonly leases: LeaseStore;
  /** Unique among replicas, also among those of the same name before and after a restart. */
  readonly identity: string;
  readonly clock: Clock;
  /** Milliseconds that only ever grow, and go on while the process is paused. */
  readonly monotonic: () => number;
  readonly log: Logger;
}

/** What a replica is told. */
export interface ElectionEvents {
  leading(): void;
  following(): void;
}

/** A replica's part in an election. */
export class LeaderElection {
  readonly #sources: ElectionSources;
  readonly #events: ElectionEvents;
  #seen: { readonly lease: LeaseRecord; readonly at: number } | undefined;
  #renewedAt: number | undefined;
  #isLeading = false;
  #cancel: (() => void) | undefined;
  #turning: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(sources: ElectionSources, events: ElectionEvents) {
    this.#sources = sources;
    this.#events = events;
  }

  /** Takes part. */
  start(): void {
    this.#turning = this.#turn();
  }

  /** Whether this replica may write at this very moment. */
  get mayAct(): boolean {
    return (
      this.#isLeading && this.#renewedAt !== undefined && this.#sources.monotonic() - this.#renewedAt < RENEW_WITHIN_MS
    );
  }

  /** Who leads as far as is known. */
  get leader(): string | undefined {
    return this.#seen?.lease.holder;
  }

  /** Takes part no more, and gives the lease back so that nobody has to wait for its end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    // A renewal that is under way would make the version that is given back an old one.
    await this.#turning;
    const { leases, identity } = this.#sources;
    const lease = this.#seen?.lease;
    if (!this.#isLeading || lease?.holder !== identity) return;
    this.#follow();
    const { transitions, durationMs } = lease;
    await leases.write({ holder: "", durationMs, transitions }, lease).catch(() => undefined);
  }

  async #turn(): Promise<void> {
    const startedAt = this.#sources.monotonic();
    try {
      await this.#renewOrTake(startedAt);
    } catch (error) {
      this.#sources.log.warn("lease_not_renewed", { error: error instanceof Error ? error.message : String(error) });
    }
    if (this.#closed) return;
    if (this.#isLeading && !this.mayAct) this.#follow();
    this.#cancel = this.#sources.clock.after(EVERY_MS, () => {
      this.#turning = this.#turn();
    });
  }

  async #renewOrTake(startedAt: number): Promise<void> {
    const { leases, identity } = this.#sources;
    const lease = await leases.read();
    this.#see(lease);
    if (lease !== undefined && lease.holder !== identity && lease.holder !== "" && !this.#isOver(lease)) {
      if (this.#isLeading) this.#follow();
      return;
    }
    const isMine = lease?.holder === identity;
    const transitions = lease === undefined ? 0 : lease.transitions + (isMine ? 0 : 1);
    const written = await leases.write({ holder: identity, durationMs: DURATION_MS, transitions }, lease);
    if (written === undefined) return;
    this.#see(written);
    // From before the request: the lease may have been renewed that early.
    this.#renewedAt = startedAt;
    if (this.#isLeading || this.#closed) return;
    this.#isLeading = true;
    this.#sources.log.info("leader_elected", { identity, transitions });
    this.#events.leading();
  }

  #see(lease: LeaseRecord | undefined): void {
    if (lease === undefined) this.#seen = undefined;
    else if (this.#seen?.lease.renewed !== lease.renewed || this.#seen.lease.holder !== lease.holder)
      this.#seen = { lease, at: this.#sources.monotonic() };
    else this.#seen = { lease, at: this.#seen.at };
  }

  #isOver(lease: LeaseRecord): boolean {
    return this.#seen !== undefined && this.#sources.monotonic() - this.#seen.at >= lease.durationMs;
  }

  #follow(): void {
    this.#isLeading = false;
    this.#sources.log.info("leader_lost", { identity: this.#sources.identity });
    this.#events.following();
  }
}
