/**
 * Objects of all sources by what they are looked up for; sources come, change and go one by one. A source is a file of
 * manifests, or one object of an API server.
 * @module
 */
import {
  type EndpointSlice,
  type FailoverPolicy,
  type KindObject,
  SERVICE_NAME_LABEL,
  type Service,
  type Site,
  type Switch,
} from "../../model/kinds/index.ts";
import type { Problem } from "../../model/problem.ts";
import { type ServiceKey, serviceKey } from "../../model/service-key.ts";
import { createdAt, type ObjectSet, type Place } from "../../ports/object-store.ts";

/** An object and where in its source it stands. */
export interface LocatedObject {
  readonly object: KindObject;
  /** 1-based line of the document, where the source has lines. */
  readonly line?: number;
}

/** An object at its place. */
interface Entry<O extends KindObject = KindObject> {
  readonly object: O;
  readonly identity: string;
  readonly source: string;
  readonly line: number | undefined;
}

/**
 * Built from the good content of all sources. Of two objects with one name, and of two policies for one Service, the one
 * in force stays in force for as long as its source holds it: one that comes later takes nothing over. Where none is in
 * force yet the one created first counts, by `creationTimestamp`; those without come last, by the names of their sources.
 */
export class ObjectIndex implements ObjectSet {
  readonly #ofSource = new Map<string, readonly Entry[]>();
  readonly #named = new EntryLists<string, KindObject>();
  readonly #sites = new EntryLists<string, Site>();
  readonly #policies = new EntryLists<ServiceKey, FailoverPolicy>();
  readonly #slices = new EntryLists<ServiceKey, EndpointSlice>();
  readonly #switches = new EntryLists<ServiceKey, Switch>();
  /** The one in force of those with one identity. */
  readonly #inForce = new Map<string, Entry>();
  /** The policy in force of those in force that target one Service. */
  readonly #policyInForce = new Map<ServiceKey, Entry<FailoverPolicy>>();
  readonly #places = new WeakMap<KindObject, Place>();

  /**
   * Makes `objects` all that each of the sources has, all sources at once. Returns the objects that came, went, or count
   * now or no longer.
   */
  replaceAll(sources: Iterable<readonly [source: string, objects: readonly LocatedObject[]]>): readonly KindObject[] {
    const touched: Entry[] = [];
    for (const [source, objects] of sources) touched.push(...this.#replace(source, objects));
    for (const identity of new Set(touched.map((entry) => entry.identity))) touched.push(...this.#choose(identity));
    const services = new Set(touched.flatMap(({ object }) => targetsOf(object)));
    for (const service of services) this.#choosePolicy(service);
    return [...new Set(touched.map(({ object }) => object))];
  }

  /** Where an object stands. */
  placeOf(object: KindObject): Place {
    return this.#places.get(object) ?? {};
  }

  policyOf(service: ServiceKey): FailoverPolicy | undefined {
    return this.#policyInForce.get(service)?.object;
  }

  policy(key: string): FailoverPolicy | undefined {
    const object = this.#inForce.get(`FailoverPolicy ${key}`)?.object;
    return object?.kind === "FailoverPolicy" ? object : undefined;
  }

  service(key: ServiceKey): Service | undefined {
    const object = this.#inForce.get(`Service ${key}`)?.object;
    return object?.kind === "Service" ? object : undefined;
  }

  services(): readonly Service[] {
    return this.#allInForce("Service");
  }

  policies(): readonly FailoverPolicy[] {
    return this.#allInForce("FailoverPolicy");
  }

  slicesOf(service: ServiceKey): readonly EndpointSlice[] {
    return this.#counting(this.#slices.get(service)).map(({ object }) => object);
  }

  switchesOf(service: ServiceKey): readonly Switch[] {
    return this.#counting(this.#switches.get(service)).map(({ object }) => object);
  }

  switches(): readonly Switch[] {
    return this.#allInForce("Switch");
  }

  site(name: string): Site | undefined {
    return this.#counting(this.#sites.get(name))[0]?.object;
  }

  sites(): readonly Site[] {
    return this.#sites.keys().flatMap((name) => this.site(name) ?? []);
  }

  /** Services that a policy targets, whether they exist or not. */
  targetedServices(): readonly ServiceKey[] {
    return [...this.#policyInForce.keys()];
  }

  /** Objects that say the same thing twice, or target what another one targets. */
  problems(): readonly Problem[] {
    return [...this.#duplicates(), ...this.#doublyTargeted()];
  }

  /** Returns what the source had and what it has. */
  #replace(source: string, objects: readonly LocatedObject[]): readonly Entry[] {
    const before = this.#ofSource.get(source) ?? [];
    for (const entry of before) this.#place(entry, "remove");
    const entries = objects.map(({ object, line }) => ({ object, identity: identityOf(object), source, line }));
    if (entries.length === 0) this.#ofSource.delete(source);
    else this.#ofSource.set(source, entries);
    for (const entry of entries) {
      this.#place(entry, "add");
      this.#places.set(entry.object, placeOf(entry));
    }
    return [...before, ...entries];
  }

  /** Decides which of those with one identity counts. Returns the one that no longer does and the one that does now. */
  #choose(identity: string): readonly Entry[] {
    const before = this.#inForce.get(identity);
    const now = successor(this.#named.get(identity), before);
    if (now === before) return [];
    if (now === undefined) this.#inForce.delete(identity);
    else this.#inForce.set(identity, now);
    return [before, now].filter((entry) => entry !== undefined);
  }

  #choosePolicy(service: ServiceKey): void {
    const counting = this.#counting(this.#policies.get(service));
    const before = this.#policyInForce.get(service);
    const now =
      counting.find((entry) => entry.identity === before?.identity) ??
      counting.find((entry) => entry.source === before?.source) ??
      counting.toSorted(byAge)[0];
    if (now === undefined) this.#policyInForce.delete(service);
    else this.#policyInForce.set(service, now);
  }

  #allInForce<K extends KindObject["kind"]>(kind: K): readonly Extract<KindObject, { kind: K }>[] {
    const found: Extract<KindObject, { kind: K }>[] = [];
    for (const { object } of this.#inForce.values())
      if (object.kind === kind) found.push(object as Extract<KindObject, { kind: K }>);
    return found;
  }

  #place(entry: Entry, change: "add" | "remove"): void {
    const { object } = entry;
    this.#named[change](entry.identity, entry);
    switch (object.kind) {
      case "Service":
        return;
      case "Site":
        this.#sites[change](object.metadata.name, entry as Entry<Site>);
        return;
      case "EndpointSlice":
        this.#slices[change](
          serviceKey(object.metadata.namespace, object.metadata.labels[SERVICE_NAME_LABEL] ?? ""),
          entry as Entry<EndpointSlice>,
        );
        return;
      case "Switch":
        this.#switches[change](
          serviceKey(object.metadata.namespace, object.spec.targetRef.name),
          entry as Entry<Switch>,
        );
        return;
      case "FailoverPolicy":
        for (const service of targetsOf(object)) this.#policies[change](service, entry as Entry<FailoverPolicy>);
        return;
    }
  }

  /** Those that no other object with the same name stands in the way of. */
  #counting<O extends KindObject>(entries: readonly Entry<O>[]): readonly Entry<O>[] {
    return entries.filter((entry) => this.#inForce.get(entry.identity) === entry);
  }

  #duplicates(): Problem[] {
    return this.#named.crowded().flatMap(([identity, entries]) => {
      const counts = this.#inForce.get(identity);
      return entries
        .filter((entry) => entry !== counts)
        .map((entry) => ({
          ...placeOf(entry),
          message: `${identity} stands already in ${counts === undefined ? "another file" : formatPlace(counts)}, which counts`,
          remedy: "Remove one of the two",
        }));
    });
  }

  #doublyTargeted(): Problem[] {
    return this.#policies.crowded().flatMap(([service, entries]) => {
      const counts = this.#policyInForce.get(service);
      return this.#counting(entries)
        .filter((entry) => entry !== counts)
        .map((entry) => ({
          ...placeOf(entry),
          field: "spec.targetRefs",
          message: `Service ${service} has a policy already: ${counts === undefined ? "another" : describePolicy(counts)}, which counts`,
          remedy: "Leave one policy per Service",
        }));
    });
  }
}

/** Entries by key, each list in the order of sources and lines. */
class EntryLists<K, O extends KindObject> {
  readonly #lists = new Map<K, readonly Entry<O>[]>();

  get(key: K): readonly Entry<O>[] {
    return this.#lists.get(key) ?? [];
  }

  keys(): readonly K[] {
    return [...this.#lists.keys()];
  }

  /** Lists with more than one entry. */
  crowded(): readonly (readonly [K, readonly Entry<O>[]])[] {
    const found: (readonly [K, readonly Entry<O>[]])[] = [];
    for (const [key, list] of this.#lists) if (list.length > 1) found.push([key, list]);
    return found;
  }

  add(key: K, entry: Entry<O>): void {
    this.#lists.set(key, [...this.get(key), entry].sort(byPlace));
  }

  remove(key: K, entry: Entry<O>): void {
    const left = this.get(key).filter((other) => other !== entry);
    if (left.length === 0) this.#lists.delete(key);
    else this.#lists.set(key, left);
  }
}

function placeOf({ source, line }: Entry): Place {
  return line === undefined ? { file: source } : { file: source, line };
}

function formatPlace({ source, line }: Entry): string {
  return line === undefined ? source : `${source}:${line}`;
}

/** An API server's object is its own source. */
function describePolicy(entry: Entry<FailoverPolicy>): string {
  const { name } = entry.object.metadata;
  return entry.line === undefined ? name : `${name} in ${formatPlace(entry)}`;
}

function byPlace(left: Entry, right: Entry): number {
  if (left.source !== right.source) return left.source < right.source ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0);
}

/** The one of `entries` that counts after `before` did: the same again if it is still there in any form. */
function successor(entries: readonly Entry[], before: Entry | undefined): Entry | undefined {
  const oldest = entries.toSorted(byAge);
  if (before === undefined || oldest.length < 2) return oldest[0];
  const content = JSON.stringify(before.object);
  const isSame = (entry: Entry): boolean => JSON.stringify(entry.object) === content;
  const stayed = entries.filter((entry) => entry.source === before.source);
  // The last: a file that was given another name.
  return stayed.find(isSame) ?? stayed[0] ?? oldest.find(isSame) ?? oldest[0];
}

/** Created first, then by place. */
function byAge(left: Entry, right: Entry): number {
  const [older, younger] = [createdAt(left.object), createdAt(right.object)];
  if (older !== younger) return older < younger ? -1 : 1;
  return byPlace(left, right);
}

/** Services that a policy targets, each once. */
function targetsOf(object: KindObject): readonly ServiceKey[] {
  if (object.kind !== "FailoverPolicy") return [];
  return [...new Set(object.spec.targetRefs.map(({ name }) => serviceKey(object.metadata.namespace, name)))];
}

function identityOf(object: KindObject): string {
  const namespace = object.kind === "Site" ? "" : `${object.metadata.namespace}/`;
  return `${object.kind} ${namespace}${object.metadata.name}`;
}
