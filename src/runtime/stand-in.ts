/**
 * What is done when a gateway dies and nobody works out what Services should be: by a replica that does not lead, when the
 * leader does nothing, most often because it died along with the gateway, since the lease lasts longer than clients can
 * wait; and by the leader for Services whose policy is not valid. See docs/adr/0013.
 * @module
 */
import { withoutGateways } from "../core/takeover/without-gateways.ts";
import type { ClusterSlice, TakeoverChange } from "../model/takeover.ts";
import type { Clock } from "../ports/clock.ts";
import type { ClusterWriter } from "../ports/cluster-writer.ts";
import type { Logger } from "../ports/logger.ts";
import { Turnstile } from "./turnstile.ts";

/** How long the leader has for its first write, in milliseconds: it asks the gateways as often, though not at the same moments. */
const LEADER_FIRST_MS = 60;

/** After this long what is left is looked at again, in milliseconds. */
const LOOK_AGAIN_MS = 300;

/** One that comes back this much later than it wanted to was paused: what it knew may be so no more, in milliseconds. */
const PAUSED_MS = 300;

/** After this long it is no more of its business: a leader that is there finds something else, or there is a new one, in milliseconds. */
const NO_LONGER_MS = 2_000;

/** Slices that are written at a time. */
const MOST_WRITTEN_AT_A_TIME = 16;

/** What a stand-in knows and writes with. */
export interface StandInSources {
  /** All addresses of gateways that are dead by the word of two observers. */
  dead(): readonly string[];
  /** Slices of gateways that somebody else should see to and may not. */
  slices(): readonly ClusterSlice[];
  /** Writes on the condition that nobody else has, the leader before all. */
  readonly writer: ClusterWriter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A change, and the namespace that it is in. */
type Removal = readonly [namespace: string, change: TakeoverChange];

/** Takes dead gateways out of slices where the leader does not. It writes nothing else. */
export class StandIn {
  readonly #sources: StandInSources;
  /** Since when each gateway is stood in for, in Unix milliseconds; as long as it is held to be dead. */
  readonly #since = new Map<string, number>();
  readonly #turnstile = new Turnstile(MOST_WRITTEN_AT_A_TIME);
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(sources: StandInSources) {
    this.#sources = sources;
  }

  /** A gateway lives or died. */
  look(): void {
    if (this.#cancel === undefined && this.#changes().length > 0) this.#wait(LEADER_FIRST_MS);
  }

  /** Writes nothing any more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #wait(ms: number): void {
    const { clock } = this.#sources;
    const [before, due] = [this.#changes().length, clock.now() + ms];
    this.#cancel = clock.after(ms, () => {
      this.#cancel = undefined;
      const left = this.#changes();
      if (left.length === 0) return;
      const isLeaderAtIt = left.length < before;
      if (isLeaderAtIt || clock.now() - due > PAUSED_MS) this.#wait(LOOK_AGAIN_MS);
      else
        void this.#write(left)
          .catch((error: unknown) => this.#sources.log.warn("stand_in_not_written", { message: String(error) }))
          .then(() => this.#lookAgain());
    });
  }

  #lookAgain(): void {
    if (this.#cancel === undefined && this.#changes().length > 0) this.#wait(LOOK_AGAIN_MS);
  }

  /** Gateways that it may take out. */
  #addresses(): ReadonlySet<string> {
    const { clock } = this.#sources;
    const dead = new Set(this.#closed ? [] : this.#sources.dead());
    for (const alive of new Set(this.#since.keys()).difference(dead)) this.#since.delete(alive);
    return new Set([...dead].filter((one) => clock.now() - (this.#since.get(one) ?? clock.now()) < NO_LONGER_MS));
  }

  #changes(): readonly Removal[] {
    const addresses = this.#addresses();
    if (addresses.size === 0) return [];
    return this.#sources.slices().flatMap((slice): Removal[] => {
      const change = withoutGateways(slice, addresses);
      return change === undefined ? [] : [[slice.metadata.namespace, change]];
    });
  }

  async #write(changes: readonly Removal[]): Promise<void> {
    const { writer, clock, log } = this.#sources;
    const gateways = [...this.#addresses()];
    for (const gateway of gateways) this.#since.set(gateway, this.#since.get(gateway) ?? clock.now());
    log.warn("stood_in_for_leader", { gateways, slices: changes.length });
    const outcomes = changes.map(([namespace, change]) =>
      // A leader that is there after all, or a gateway that lives, ends it.
      this.#turnstile.pass(async () => (this.#addresses().size > 0 ? writer.write(namespace, change) : undefined)),
    );
    for (const outcome of await Promise.all(outcomes))
      if (outcome?.became === "failed") log.warn("stand_in_not_written", { message: outcome.message });
  }
}
