/**
 * A copy of some objects of an API server in memory, followed as they change. Level-based: whoever listens hears "look
 * again at these" and reads what there is now. What follows from an interruption of any kind and length is the same as
 * what follows from the changes themselves.
 * @module
 */
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError, unreachable } from "./kube-error.ts";
import { keyOf, type KubeObject, type KubeResource, pathOf } from "./kube-resource.ts";
import { type KubeList, type KubeSelection, listPages } from "./list-pages.ts";
import { readWatchEvents, type WatchEvent } from "./watch-events.ts";

/**
 * A watch is ended by the server after this many seconds, and goes on with another from where it was. One that has not
 * ended in time is a connection without anybody at its other end: HTTP has no other way to tell within half a minute.
 */
const WATCH_SECONDS = { least: 18, most: 24 } as const;

/** How late the server's end of a watch may come, in milliseconds. */
const WATCH_GRACE_MS = 5_000;

/** A watch that the server ends earlier is a failure, in milliseconds. */
const SHORTEST_WATCH_MS = 1_000;

/** A first copy as a stream may pause no longer than this, in milliseconds. */
const INITIAL_SILENCE_MS = 25_000;

/** Pauses after failures in a row, in milliseconds; each is shortened at random by up to half. */
const PAUSE_MS = { first: 200, longest: 10_000 } as const;

/**
 * A group that the API server has not served for this long, in milliseconds, is not only late: its definitions were removed,
 * and its objects with them.
 */
const GROUP_GONE_MS = 30_000;

/** The bookmark that ends a streamed list has this annotation. */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** Where objects come from and how time passes. */
export interface ReflectorSources {
  readonly client: KubeClient;
  readonly resource: KubeResource;
  readonly selection: KubeSelection;
  /** Which of them are held in memory; all when absent. See {@link Reflector.include}. */
  readonly keep?: (key: string, object: KubeObject) => boolean;
  /** Whether objects are gone when their whole API group is; else they stay as they were read last. */
  readonly goWithGroup?: boolean;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** What a reflector tells its owner. */
export interface ReflectorEvents {
  /** Objects that came, changed or went, after that is so in the copy; `before` is what there was. */
  changed(changes: readonly ReflectedChange[]): void;
  /** It follows again, or does not any more: see {@link Reflector.trouble}. */
  troubleChanged(): void;
}

/** An object that came (no `before`), changed, or went (no `now`). */
export interface ReflectedChange {
  readonly before: KubeObject | undefined;
  readonly now: KubeObject | undefined;
}

/** A copy of the objects of one resource. */
export class Reflector {
  readonly #sources: ReflectorSources;
  readonly #events: ReflectorEvents;
  readonly #objects = new Map<string, KubeObject>();
  readonly #ended = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #version: string | undefined;
  /** Whether this server gives lists as streams; tried once. */
  #streams = true;
  #failures = 0;
  /** Since when the whole group is gone, in Unix milliseconds. */
  #groupGoneSince: number | undefined;
  #trouble: KubeError | undefined;

  constructor(sources: ReflectorSources, events: ReflectorEvents) {
    this.#sources = sources;
    this.#events = events;
  }

  /** Starts following. */
  start(): void {
    void this.#run();
  }

  get resource(): KubeResource {
    return this.#sources.resource;
  }

  /** Fulfilled once the copy has been complete for the first time. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Why the copy may be old at the moment; undefined while it follows. */
  get trouble(): KubeError | undefined {
    return this.#trouble;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): Iterable<KubeObject> {
    return this.#objects.values();
  }

  /**
   * Reads one object that was not kept until now.
   * @throws KubeError
   */
  async include(key: string): Promise<void> {
    const { client, resource } = this.#sources;
    const [name = "", namespace] = key.split("/").reverse();
    try {
      const path = pathOf(resource, { namespace, name });
      const object = await client.request<KubeObject>({ method: "GET", path, signal: this.#ended.signal });
      if (this.#keeps(key, object)) this.#take({ type: "MODIFIED", object });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
    }
  }

  /** Takes what an API server answered to a read or a write: the watch will say the same, but later. */
  learn(object: KubeObject): void {
    // What the watch is past it has told already, perhaps also that the object is gone.
    if (!this.#keeps(keyOf(object), object) || !isLater(object.metadata.resourceVersion, this.#version)) return;
    this.#take({ type: "MODIFIED", object });
  }

  /** Stops following; the copy stays as it is. */
  close(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        this.#version ??= await this.#copyAll();
        await this.#watch(this.#version);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        const failure = error instanceof KubeError ? error : unreachable(String(error), error);
        await this.#lookForGroup(failure);
        await this.#pauseAfter(failure);
      }
    }
  }

  /** Objects whose definitions were removed while nobody watched: nobody will tell that they went. */
  async #lookForGroup({ status }: KubeError): Promise<void> {
    const { clock, log, resource, goWithGroup = false } = this.#sources;
    if (!goWithGroup || status !== 404 || !(await this.#isGroupGone())) {
      this.#groupGoneSince = undefined;
      return;
    }
    this.#groupGoneSince ??= clock.now();
    if (clock.now() - this.#groupGoneSince < GROUP_GONE_MS) return;
    const gone = [...this.#objects.values()].map((before) => ({ before, now: undefined }));
    this.#objects.clear();
    this.#version = undefined;
    if (gone.length > 0) {
      log.warn("kube_group_gone", { resource: resource.plural, objects: gone.length });
      this.#events.changed(gone);
    }
    this.#synced.resolve();
  }

  async #isGroupGone(): Promise<boolean> {
    const { client, resource } = this.#sources;
    try {
      // By what it says that it has: something in between may answer 404 to everything.
      const path = "/apis";
      const { groups } = await client.request<{ groups?: readonly { name?: string }[] }>({
        method: "GET",
        path,
        signal: this.#ended.signal,
      });
      return groups !== undefined && groups.length > 0 && !groups.some(({ name }) => name === resource.group);
    } catch {
      return false;
    }
  }

  /** The whole copy anew. Returns the version it has. */
  async #copyAll(): Promise<string> {
    const list = await this.#readAll();
    const before = new Map(this.#objects);
    const changes: ReflectedChange[] = [];
    this.#objects.clear();
    for (const object of list.objects) {
      const now = slim(object);
      const key = keyOf(now);
      if (!this.#keeps(key, now)) continue;
      const known = before.get(key);
      before.delete(key);
      this.#objects.set(key, now);
      if (known === undefined || !sameVersion(known, now)) changes.push({ before: known, now });
    }
    for (const gone of before.values()) changes.push({ before: gone, now: undefined });
    this.#follows();
    this.#groupGoneSince = undefined;
    if (changes.length > 0) this.#events.changed(changes);
    this.#synced.resolve();
    return list.resourceVersion;
  }

  async #readAll(): Promise<KubeList> {
    const { client, resource, selection } = this.#sources;
    if (this.#streams) {
      try {
        return await this.#streamAll();
      } catch (error) {
        // A server that does not offer it says that the request is not valid, or ends the watch without the bookmark.
        if (!(error instanceof KubeError) || (error.status !== 400 && error.status !== 422)) throw error;
        this.#streams = false;
      }
    }
    return await listPages(client, resource, selection, this.#ended.signal);
  }

  /** A list as a stream costs the server a fraction of the memory: KEP-3157. */
  async #streamAll(): Promise<KubeList> {
    const objects = new Map<string, KubeObject>();
    const query = { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
    for await (const { type, object } of this.#open({ query, silenceMs: INITIAL_SILENCE_MS })) {
      if (type === "DELETED") objects.delete(keyOf(object));
      else if (type !== "BOOKMARK") objects.set(keyOf(object), object);
      else if (object.metadata.annotations?.[INITIAL_EVENTS_END] === "true")
        return { objects: [...objects.values()], resourceVersion: object.metadata.resourceVersion ?? "" };
    }
    throw new KubeError({ status: 400, reason: "BadRequest", message: "the server gives no lists as streams" });
  }

  /** Follows from a version until the server ends the watch. */
  async #watch(version: string): Promise<void> {
    const { random } = this.#sources;
    const seconds = Math.round(WATCH_SECONDS.least + random() * (WATCH_SECONDS.most - WATCH_SECONDS.least));
    const query = { resourceVersion: version, timeoutSeconds: seconds };
    const lifetimeMs = seconds * 1_000 + WATCH_GRACE_MS;
    const openedAt = performance.now();
    for await (const event of this.#open({ query, lifetimeMs })) {
      this.#failures = 0;
      this.#groupGoneSince = undefined;
      this.#version = event.object.metadata.resourceVersion;
      this.#take(event);
    }
    // Something in between that ends each watch at once must not be asked without a pause.
    if (performance.now() - openedAt < SHORTEST_WATCH_MS) throw unreachable("the watch ended as soon as it was opened");
    this.#failures = 0;
    this.#groupGoneSince = undefined;
  }

  #take({ type, object }: WatchEvent): void {
    if (type === "BOOKMARK") return;
    const key = keyOf(object);
    const before = this.#objects.get(key);
    // The watch may tell of what was learned already, and of what came before it.
    if (before !== undefined && type !== "DELETED" && !isNewer(object, before)) return;
    const now = type === "DELETED" || !this.#keeps(key, object) ? undefined : slim(object);
    if (now === undefined) this.#objects.delete(key);
    else this.#objects.set(key, now);
    if (before === undefined && now === undefined) return;
    this.#events.changed([{ before, now }]);
  }

  #keeps(key: string, object: KubeObject): boolean {
    return this.#sources.keep?.(key, object) ?? true;
  }

  /** A watch's events. Whatever ends it, its connection ends with it. */
  async *#open(how: {
    readonly query: Readonly<Record<string, string | number | boolean>>;
    readonly lifetimeMs?: number;
    readonly silenceMs?: number;
  }): AsyncGenerator<WatchEvent> {
    const { client, resource, selection, clock } = this.#sources;
    const body = await client.open({
      method: "GET",
      path: pathOf(resource, { namespace: selection.namespace }),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        labelSelector: selection.labelSelector,
        fieldSelector: selection.fieldSelector,
        ...how.query,
      },
      signal: this.#ended.signal,
    });
    const giveUp = (): void => void body.destroy(unreachable("the watch's connection has nobody at its other end"));
    const ends = how.lifetimeMs === undefined ? undefined : clock.after(how.lifetimeMs, giveUp);
    let silence = how.silenceMs === undefined ? undefined : clock.after(how.silenceMs, giveUp);
    this.#follows();
    try {
      for await (const event of readWatchEvents(body)) {
        silence?.();
        if (how.silenceMs !== undefined) silence = clock.after(how.silenceMs, giveUp);
        yield event;
      }
    } catch (error) {
      throw error instanceof KubeError ? error : unreachable(`the watch broke off: ${String(error)}`, error);
    } finally {
      ends?.();
      silence?.();
      body.destroy();
    }
  }

  async #pauseAfter(error: KubeError): Promise<void> {
    const { log, random, resource } = this.#sources;
    const expired = error.status === 410;
    // What was missed can only be seen by copying everything anew.
    if (expired) this.#version = undefined;
    this.#failures += 1;
    // A version that is too old is no trouble the first time: a copy follows at once.
    if (expired && this.#failures === 1) return;
    const known = this.#trouble?.reason;
    this.#trouble = error;
    if (known !== error.reason) {
      log.warn("kube_watch_failed", { resource: resource.plural, reason: error.reason, message: error.message });
      this.#events.troubleChanged();
    }
    const backOff = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (this.#failures - 1));
    const pause = Math.max(error.retryAfterMs ?? 0, backOff * (1 - random() / 2));
    await this.#wait(pause);
  }

  /** Waits, or until this is closed. */
  async #wait(ms: number): Promise<void> {
    const waited = Promise.withResolvers<void>();
    const cancel = this.#sources.clock.after(ms, waited.resolve);
    this.#ended.signal.addEventListener("abort", waited.resolve as () => void, { once: true });
    await waited.promise;
    cancel();
    this.#ended.signal.removeEventListener("abort", waited.resolve as () => void);
  }

  #follows(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#sources.log.info("kube_watch_resumed", { resource: this.#sources.resource.plural });
    this.#events.troubleChanged();
  }
}

/** Who set which field is a good part of an object's size. All that is read of it is whose a Service's selector is. */
function slim(object: KubeObject): KubeObject {
  const { managedFields, ...metadata } = object.metadata;
  const owners = object.kind === "Service" ? ownersOfSelector(managedFields) : [];
  return { ...object, metadata: owners.length === 0 ? metadata : { ...metadata, managedFields: owners } };
}

function ownersOfSelector(managedFields: unknown): readonly object[] {
  const entries = (Array.isArray(managedFields) ? managedFields : []) as readonly {
    readonly manager?: string;
    readonly time?: string;
    readonly fieldsV1?: { readonly "f:spec"?: Readonly<Record<string, unknown>> };
  }[];
  return entries
    .filter(({ fieldsV1 }) => fieldsV1?.["f:spec"]?.["f:selector"] !== undefined)
    .map(({ manager, time }) => ({ manager, time, fieldsV1: { "f:spec": { "f:selector": {} } } }));
}

/** Of another object with the same name it is the other one. */
function isNewer(left: KubeObject, right: KubeObject): boolean {
  if (left.metadata.uid !== right.metadata.uid) return true;
  return isLater(left.metadata.resourceVersion, right.metadata.resourceVersion);
}

/** Versions of one resource grow and may be compared as numbers: KEP-5504. */
function isLater(left: string | undefined, right: string | undefined): boolean {
  return isNumber(left) && isNumber(right) ? BigInt(left) > BigInt(right) : left !== right;
}

function isNumber(version: string | undefined): version is string {
  return version !== undefined && /^\d+$/.test(version);
}

function sameVersion(left: KubeObject, right: KubeObject): boolean {
  return left.metadata.uid === right.metadata.uid && left.metadata.resourceVersion === right.metadata.resourceVersion;
}
