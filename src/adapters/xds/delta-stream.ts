import type { XdsType } from "../../model/xds-resource.ts";
import type { ResourceCache, ResourceChanges } from "./resource-cache.ts";
import { type DeltaUpdate, type Rejection, Subscription } from "./subscription.ts";

/** The order in which a change reaches Envoy: what is referred to comes before what refers to it. Removals go the other way round. */
export const SENDING_ORDER: readonly XdsType[] = ["secret", "cluster", "endpoints", "listener", "scopedRoute", "route"];

/** A request of Envoy, as far as the protocol's state needs it. */
export interface DeltaRequest {
  readonly type: XdsType;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  /** Envoy's words when it refused the response `nonce`. */
  readonly error: string | undefined;
}

/** A response to send. */
export interface DeltaResponse extends DeltaUpdate {
  readonly type: XdsType;
  readonly nonce: string;
}

/** What the stream tells its owner. */
export interface DeltaStreamEvents {
  send(response: DeltaResponse): void;
  rejected(rejection: Rejection): void;
  /** Everything that Envoy wants has been sent and acknowledged. */
  settled(): void;
}

/** One delta ADS stream: the protocol's state, without a socket. */
export class DeltaStream {
  readonly #subscriptions: ReadonlyMap<XdsType, Subscription>;
  readonly #events: DeltaStreamEvents;
  readonly #unwatch: () => void;
  #responses = 0;
  #wasSettled = false;
  #scheduled = false;

  constructor(cache: ResourceCache, events: DeltaStreamEvents) {
    this.#subscriptions = new Map(SENDING_ORDER.map((type) => [type, new Subscription(type, cache)]));
    this.#events = events;
    this.#unwatch = cache.onChange((changes) => this.#changed(changes));
  }

  /** Takes a request and sends what follows from it. */
  request(request: DeltaRequest): void {
    const subscription = this.#of(request.type);
    if (request.nonce !== "") {
      for (const rejection of subscription.answer(request.nonce, request.error)) this.#events.rejected(rejection);
    }
    subscription.request(request.subscribe, request.unsubscribe, request.initialVersions);
    this.#pump();
  }

  /** Stops listening to the cache. */
  close(): void {
    this.#unwatch();
  }

  #changed(changes: ResourceChanges): void {
    for (const [type, names] of changes) this.#of(type).changed(names);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // What one piece of work changes, in several resources and services, goes into one response a type.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const [position, type] of SENDING_ORDER.entries()) {
      const later = SENDING_ORDER.slice(position + 1);
      const mayRemove = later.every((other) => this.#of(other).settled);
      const nonce = String(this.#responses + 1);
      const update = this.#of(type).next(nonce, mayRemove);
      if (update === undefined) continue;
      this.#responses += 1;
      if (type === "cluster") for (const cluster of update.resources) this.#of("endpoints").resend(cluster.name);
      this.#events.send({ ...update, type, nonce });
    }
    // An Envoy that kept everything is settled without a word being sent, once it has said what it has.
    const asked = this.#of("cluster").open && this.#of("listener").open;
    const settled = asked && SENDING_ORDER.every((type) => this.#of(type).settled);
    if (settled && !this.#wasSettled) this.#events.settled();
    this.#wasSettled = settled;
  }

  #of(type: XdsType): Subscription {
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined) throw new Error(`no subscription for ${type}`);
    return subscription;
  }
}
