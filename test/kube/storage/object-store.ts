import type { KubeObject } from "../api/kube-object.ts";
import type { JsonObject } from "../api/json.ts";
import { type Entry, SortedObjects } from "./sorted-objects.ts";

/** A change, as every watch sees it. */
export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** `group/plural`. */
  readonly resource: string;
  /** `namespace/name`, or `name` of a cluster's object. */
  readonly key: string;
  /** After the change; what was deleted carries the revision of its deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
  readonly revision: number;
}

/** How many changes can be looked back at; older resource versions are expired. */
const HISTORY_LIMIT = 20_000;

/**
 * Objects with one revision counter for all of them, and the latest changes: what etcd and the watch cache are to the
 * real API server. Objects are never changed in place.
 */
export class ObjectStore {
  readonly #objects = new Map<string, SortedObjects>();
  readonly #beginnings = new Map<string, number>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #events: StoreEvent[] = [];
  #revision: number;
  #oldest: number;

  constructor(revision = 1) {
    this.#revision = revision;
    this.#oldest = revision;
  }

  /** The latest revision. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that a watch of a resource may start at. */
  oldestOf(resource: string): number {
    return Math.max(this.#oldest, this.#beginnings.get(resource) ?? 0);
  }

  /** A resource that is served from now on: its history begins here. */
  begin(resource: string): void {
    this.#beginnings.set(resource, this.#revision);
  }

  /** Forgets every change, as a restarted API server has: older revisions are expired. */
  forgetHistory(): void {
    this.#events = [];
    this.#oldest = this.#revision;
  }

  /** Lets something else than these objects advance the counter. */
  skipRevision(): number {
    this.#revision += 1;
    return this.#revision;
  }

  /** An object at its place. */
  get(resource: string, key: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(key);
  }

  /** Objects of a resource, or of one namespace, in the order of their keys. */
  list(resource: string, namespace = ""): readonly Entry[] {
    return this.#objects.get(resource)?.list(namespace) ?? [];
  }

  /** Objects as they were; undefined when the history does not reach back that far. */
  listAt(resource: string, revision: number): readonly Entry[] | undefined {
    if (revision >= this.#revision) return this.list(resource);
    if (revision < this.#oldest) return undefined;
    const objects = new Map(this.list(resource).map(({ key, object }) => [key, object]));
    for (const event of this.#events.toReversed()) {
      if (event.revision <= revision) break;
      if (event.resource !== resource) continue;
      if (event.previous === undefined) objects.delete(event.key);
      else objects.set(event.key, event.previous);
    }
    return [...objects]
      .map(([key, object]) => ({ key, object }))
      .toSorted((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** Changes of a resource after a revision. */
  since(resource: string, revision: number): readonly StoreEvent[] {
    const first = this.#events.findLastIndex((event) => event.revision <= revision) + 1;
    return this.#events.slice(first).filter((event) => event.resource === resource);
  }

  /** Stores a new or changed object under the next revision. */
  put(resource: string, key: string, object: JsonObject): KubeObject {
    const objects = this.#objectsOf(resource);
    const previous = objects.get(key);
    this.#revision += 1;
    const stored = withRevision(object, this.#revision);
    objects.set(key, stored);
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    this.#emit({ type, resource, key, object: stored, previous, revision: this.#revision });
    return stored;
  }

  /** Removes an object; `last` is what watches see of it. */
  delete(resource: string, key: string, last: KubeObject): void {
    const objects = this.#objectsOf(resource);
    const previous = objects.get(key);
    if (previous === undefined) return;
    objects.delete(key);
    this.#revision += 1;
    const object = withRevision(last, this.#revision);
    this.#emit({ type: "DELETED", resource, key, object, previous, revision: this.#revision });
  }

  /** Takes an object from a saved state: no event, its own revision. */
  restore(resource: string, key: string, object: KubeObject | undefined): void {
    if (object === undefined) this.#objectsOf(resource).delete(key);
    else this.#objectsOf(resource).set(key, object);
  }

  /** Raises the counter to that of a saved state. */
  restoreRevision(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    this.#oldest = this.#revision;
  }

  /** Calls back for each change, in order, while it is being made. Returns what ends that. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resources that hold or held objects. */
  get resources(): readonly string[] {
    return [...this.#objects.keys()];
  }

  #objectsOf(resource: string): SortedObjects {
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new SortedObjects();
      this.#objects.set(resource, objects);
    }
    return objects;
  }

  #emit(event: StoreEvent): void {
    this.#events.push(event);
    if (this.#events.length > 2 * HISTORY_LIMIT) {
      this.#events = this.#events.slice(-HISTORY_LIMIT);
      this.#oldest = this.#events[0]?.revision ?? this.#revision;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function withRevision(object: JsonObject, revision: number): KubeObject {
  const stored = object as KubeObject;
  return { ...stored, metadata: { ...stored.metadata, resourceVersion: String(revision) } };
}
