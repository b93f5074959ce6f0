/**
 * One leader among replicas by a Lease, as Kubernetes' own controllers do it: nobody trusts another one's clock. A lease
 * is over when it has not been renewed for as long as it says, by the clock of who watches it.
 * @module
 */
import type { Clock } from "../ports/clock.ts";
import type { LeaseRecord, LeaseStore } from "../ports/lease-store.ts";
import type { Logger } from "../ports/logger.ts";

/** What a leader promises with a renewal, in milliseconds. */
interface Terms {
  /** How long the lease lasts: nobody else may act before. */
  readonly durationMs: number;
  /** A leader that has not renewed it for this long acts no more: before anybody else may. */
  readonly actMs: number;
}

/** With an API server that answers quickly, so that one who dies along with a gateway is replaced within 1.5 s. */
const BRISK: Terms = { durationMs: 1_000, actMs: 700 };

/** With one that does not: leadership must not go to and fro because renewals are slow. */
const PATIENT: Terms = { durationMs: 3_000, actMs: 2_000 };

/** A turn, which is a read and perhaps a write, is quick when it takes no longer than this, in milliseconds. */
const QUICK_TURN_MS = 200;

/** After this many quick turns in a row terms are brisk. */
const QUICK_TURNS = 3;

/** How often the lease is renewed, or looked at, in milliseconds. */
const EVERY_MS = 200;

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
  /** End of the time in which this replica may act, as it promised with its last renewal. */
  #actsUntil = Number.NEGATIVE_INFINITY;
  #quickTurns = 0;
  /** What the lease is now may be something else than what was seen last: a write of it failed, or was not answered. */
  #isDoubtful = false;
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
    return this.#isLeading && this.#sources.monotonic() < this.#actsUntil;
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
    if (lease?.holder !== identity) return;
    if (this.#isLeading) this.#follow();
    const { transitions, durationMs } = lease;
    await leases.write({ holder: "", durationMs, transitions }, lease).catch(() => undefined);
  }

  async #turn(): Promise<void> {
    const startedAt = this.#sources.monotonic();
    let isHeld = false;
    try {
      isHeld = await this.#renewOrTake(startedAt);
      const isQuick = this.#sources.monotonic() - startedAt <= QUICK_TURN_MS;
      this.#quickTurns = isQuick ? this.#quickTurns + 1 : 0;
    } catch (error) {
      this.#quickTurns = 0;
      this.#isDoubtful = true;
      this.#sources.log.warn("lease_not_renewed", { error: error instanceof Error ? error.message : String(error) });
    }
    if (this.#closed) return;
    // One that was renewed late is still held: whoever has it acts again with the next renewal.
    if (this.#isLeading && !this.mayAct && !isHeld) this.#follow();
    this.#cancel = this.#sources.clock.after(this.#pause(), () => {
      this.#turning = this.#turn();
    });
  }

  /** Until the next turn: no later than the moment at which the lease of somebody else is over. */
  #pause(): number {
    if (this.#isLeading || this.#seen === undefined) return EVERY_MS;
    const { lease, at } = this.#seen;
    const remaining = Math.ceil(at + lease.durationMs - this.#sources.monotonic());
    return remaining > 0 ? Math.min(EVERY_MS, remaining) : EVERY_MS;
  }

  /** Returns whether the lease is this replica's now. */
  async #renewOrTake(startedAt: number): Promise<boolean> {
    const { leases, identity } = this.#sources;
    const known = this.#ownLease();
    const lease = known ?? (await this.#read());
    if (lease !== undefined && lease.holder !== identity && lease.holder !== "" && !this.#isOver(lease)) {
      if (this.#isLeading) this.#follow();
      return false;
    }
    const isMine = lease?.holder === identity;
    const transitions = lease === undefined ? 0 : lease.transitions + (isMine ? 0 : 1);
    const terms = this.#quickTurns >= QUICK_TURNS ? BRISK : PATIENT;
    // A shorter promise binds from before it is made: whether it arrived may never be known.
    this.#actsUntil = Math.min(this.#actsUntil, startedAt + terms.actMs);
    const { durationMs, actMs } = terms;
    const written = await leases.write({ holder: identity, durationMs, transitions }, lease);
    if (written === undefined) {
      this.#isDoubtful = true;
      return known === undefined ? false : await this.#renewOrTake(startedAt);
    }
    this.#see(written);
    // From before the request: the lease may have been renewed that early.
    this.#actsUntil = startedAt + actMs;
    if (this.#isLeading || this.#closed) return true;
    this.#isLeading = true;
    this.#sources.log.info("leader_elected", { identity, transitions });
    this.#events.leading();
    return true;
  }

  /** What a leader wrote last is what there is, or its next write is refused: it need not be read first. */
  #ownLease(): LeaseRecord | undefined {
    const lease = this.#seen?.lease;
    return this.#isLeading && !this.#isDoubtful && lease?.holder === this.#sources.identity ? lease : undefined;
  }

  async #read(): Promise<LeaseRecord | undefined> {
    const lease = await this.#sources.leases.read();
    this.#isDoubtful = false;
    this.#see(lease);
    return lease;
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
