import type { XdsType } from "../../model/xds-resource.ts";
import type { EncodedResource } from "./encode-resource.ts";
import type { ResourceCache } from "./resource-cache.ts";

/** What one response says. */
export interface DeltaUpdate {
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/** A resource that Envoy refused, with its words. */
export interface Rejection {
  readonly type: XdsType;
  readonly name: string;
  readonly message: string;
}

/** Types that Envoy subscribes to as a whole; of the others it names what it wants. */
const WILDCARD: ReadonlySet<XdsType> = new Set(["cluster", "listener", "scopedRoute"]);

/** A response that waits for its answer. */
interface SentUpdate {
  readonly nonce: string;
  readonly update: DeltaUpdate;
  /** Versions of its resources that Envoy held before and keeps if it refuses them. */
  readonly before: ReadonlyMap<string, string>;
}

/**
 * The state of one type on one stream: what Envoy wants, what it has, what it has not yet acknowledged.
 * At most one response is under way, so that a slow Envoy gets the latest state and not a queue of old ones.
 */
export class Subscription {
  readonly #type: XdsType;
  readonly #cache: ResourceCache;
  readonly #wanted = new Set<string>();
  #wildcard = false;
  /** Versions Envoy holds, or has been sent. */
  readonly #held = new Map<string, string>();
  readonly #dirty = new Set<string>();
  /** Versions it refused: sending the same bytes again would be refused again. */
  readonly #refused = new Map<string, string>();
  /**
   * After a refused response its resources go one by one, so that only the bad one stays behind. Until one is answered
   * nobody knows whether Envoy took it.
   */
  readonly #single = new Set<string>();
  /** Names that are sent whatever version is held. */
  readonly #again = new Set<string>();
  #underWay: SentUpdate | undefined;
  #open = false;

  constructor(type: XdsType, cache: ResourceCache) {
    this.#type = type;
    this.#cache = cache;
  }

  /** Whether Envoy has asked for this type on this stream. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether everything wanted was sent and acknowledged. */
  get settled(): boolean {
    return this.#underWay === undefined && this.#dirty.size === 0;
  }

  /** First or later request: what is wanted from now on. `initial` are versions that Envoy kept from an earlier stream. */
  request(
    subscribe: readonly string[],
    unsubscribe: readonly string[],
    initial: Readonly<Record<string, string>>,
  ): void {
    if (!this.#open) {
      this.#open = true;
      for (const [name, version] of Object.entries(initial)) this.#held.set(name, version);
      if (subscribe.length === 0 && WILDCARD.has(this.#type)) this.#wantAll();
      // What it still holds although nobody has it any more has to be taken from it.
      if (this.#wildcard) for (const name of this.#held.keys()) this.#dirty.add(name);
    }
    for (const name of unsubscribe) this.#forget(name);
    for (const name of subscribe) this.#want(name);
  }

  /** A change in the cache. */
  changed(names: Iterable<string>): void {
    if (!this.#open) return;
    for (const name of names) {
      this.#refused.delete(name);
      if (this.#wildcard || this.#wanted.has(name)) this.#dirty.add(name);
    }
  }

  /** Sends a resource again although Envoy has it: a changed cluster waits for its endpoints even when they are the same. */
  resend(name: string): void {
    if (!this.#open || !(this.#wildcard || this.#wanted.has(name))) return;
    this.#again.add(name);
    this.#dirty.add(name);
  }

  /** Takes an answer. Returns what was refused; empty for an acknowledgement. */
  answer(nonce: string, error: string | undefined): readonly Rejection[] {
    const sent = this.#underWay;
    if (sent === undefined || sent.nonce !== nonce) return [];
    this.#underWay = undefined;
    if (error !== undefined) return this.#takeRefusal(sent, error);
    for (const { name } of sent.update.resources) this.#single.delete(name);
    return [];
  }

  /** The next response, or undefined when there is nothing to say or one is still under way. */
  next(nonce: string, mayRemove: boolean): DeltaUpdate | undefined {
    if (!this.#open || this.#underWay !== undefined) return undefined;
    const update = this.#collect(mayRemove);
    if (update === undefined) return undefined;
    const before = new Map<string, string>();
    for (const { name, version } of update.resources) {
      const held = this.#held.get(name);
      if (held !== undefined) before.set(name, held);
      this.#held.set(name, version);
    }
    this.#underWay = { nonce, update, before };
    return update;
  }

  #collect(mayRemove: boolean): DeltaUpdate | undefined {
    const resources: EncodedResource[] = [];
    const removed: string[] = [];
    for (const name of this.#dirty) {
      const resource = this.#cache.get(this.#type, name);
      if (this.#mustWait(name, resource)) continue;
      if (resource === undefined) {
        if (!mayRemove) continue;
        this.#dirty.delete(name);
        if (this.#held.has(name) || this.#single.has(name)) removed.push(name);
        this.#forgetSent(name);
        continue;
      }
      const isSingle = this.#single.has(name);
      if (isSingle && resources.length > 0) continue;
      this.#dirty.delete(name);
      const again = this.#again.delete(name);
      if (!again && this.#held.get(name) === resource.version) continue;
      if (this.#refused.get(name) === resource.version) continue;
      resources.push(resource);
      if (isSingle) break;
    }
    return resources.length === 0 && removed.length === 0 ? undefined : { resources, removed };
  }

  /** Whether a resource has to wait because it may be older than what is in force. */
  #mustWait(name: string, resource: EncodedResource | undefined): boolean {
    if (!this.#cache.provisional || !this.#held.has(name)) return false;
    return resource === undefined || (!this.#again.has(name) && this.#held.get(name) !== resource.version);
  }

  #takeRefusal({ update, before }: SentUpdate, error: string): readonly Rejection[] {
    for (const { name } of update.resources) {
      const version = before.get(name);
      if (version === undefined) this.#held.delete(name);
      // What was unsubscribed meanwhile is held no more.
      else if (this.#held.has(name)) this.#held.set(name, version);
    }
    const [only] = update.resources;
    if (update.resources.length > 1) {
      for (const { name } of update.resources) {
        this.#single.add(name);
        this.#again.add(name);
        this.#dirty.add(name);
      }
      return [];
    }
    if (only === undefined) return [{ type: this.#type, name: update.removed.join(", "), message: error }];
    this.#single.delete(only.name);
    this.#refused.set(only.name, only.version);
    // Of what changed meanwhile only Envoy's words about the latest count.
    if (this.#cache.get(this.#type, only.name)?.version !== only.version) return [];
    return [{ type: this.#type, name: only.name, message: error }];
  }

  #want(name: string): void {
    if (name === "*") {
      this.#wantAll();
      return;
    }
    this.#wanted.add(name);
    this.#dirty.add(name);
  }

  #wantAll(): void {
    this.#wildcard = true;
    for (const name of this.#cache.names(this.#type)) this.#dirty.add(name);
  }

  #forget(name: string): void {
    this.#wanted.delete(name);
    this.#dirty.delete(name);
    this.#forgetSent(name);
  }

  #forgetSent(name: string): void {
    this.#held.delete(name);
    this.#refused.delete(name);
    this.#single.delete(name);
    this.#again.delete(name);
  }
}
