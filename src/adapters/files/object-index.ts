/**
 * Objects of all files by what they are looked up for; files come, change and go one by one.
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
import type { LocatedObject } from "./parse-manifest.ts";

/** An object at its place. */
interface Entry<O extends KindObject = KindObject> {
  readonly object: O;
  readonly identity: string;
  readonly file: string;
  readonly line: number;
}

/**
 * Built from the good content of all files. Of two objects with one name the first counts, in the order of the files'
 * names, whichever was written first.
 */
export class ObjectIndex {
  readonly #ofFile = new Map<string, readonly Entry[]>();
  readonly #named = new EntryLists<string, KindObject>();
  readonly #sites = new EntryLists<string, Site>();
  readonly #policies = new EntryLists<ServiceKey, FailoverPolicy>();
  readonly #slices = new EntryLists<ServiceKey, EndpointSlice>();
  readonly #switches = new EntryLists<ServiceKey, Switch>();

  /** Makes `objects` all that a file has. */
  replace(file: string, objects: readonly LocatedObject[]): void {
    for (const entry of this.#ofFile.get(file) ?? []) this.#place(entry, "remove");
    const entries = objects.map(({ object, line }) => ({ object, identity: identityOf(object), file, line }));
    if (entries.length === 0) this.#ofFile.delete(file);
    else this.#ofFile.set(file, entries);
    for (const entry of entries) this.#place(entry, "add");
  }

  policyOf(service: ServiceKey): FailoverPolicy | undefined {
    return this.#counting(this.#policies.get(service))[0]?.object;
  }

  service(key: ServiceKey): Service | undefined {
    const object = this.#named.get(`Service ${key}`)[0]?.object;
    return object?.kind === "Service" ? object : undefined;
  }

  slicesOf(service: ServiceKey): readonly EndpointSlice[] {
    return this.#counting(this.#slices.get(service)).map(({ object }) => object);
  }

  switchesOf(service: ServiceKey): readonly Switch[] {
    return this.#counting(this.#switches.get(service)).map(({ object }) => object);
  }

  site(name: string): Site | undefined {
    return this.#sites.get(name)[0]?.object;
  }

  sites(): readonly Site[] {
    return this.#sites.keys().flatMap((name) => this.site(name) ?? []);
  }

  /** Services that a policy targets, whether they exist or not. */
  targetedServices(): readonly ServiceKey[] {
    return this.#policies.keys().filter((service) => this.policyOf(service) !== undefined);
  }

  /** Objects that say the same thing twice, or target what another one targets. */
  problems(): readonly Problem[] {
    return [...this.#duplicates(), ...this.#doublyTargeted()];
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
        for (const target of object.spec.targetRefs)
          this.#policies[change](serviceKey(object.metadata.namespace, target.name), entry as Entry<FailoverPolicy>);
        return;
    }
  }

  /** Those that no object with the same name comes before. */
  #counting<O extends KindObject>(entries: readonly Entry<O>[]): readonly Entry<O>[] {
    return entries.filter((entry) => this.#named.get(entry.identity)[0] === entry);
  }

  #duplicates(): Problem[] {
    return this.#named.crowded().flatMap(([, [first, ...others]]) =>
      others.map(({ identity, file, line }) => ({
        file,
        line,
        message: `${identity} stands already in ${first?.file}:${first?.line}, which counts`,
        remedy: "Remove one of the two",
      })),
    );
  }

  #doublyTargeted(): Problem[] {
    return this.#policies.crowded().flatMap(([service, entries]) => {
      const [first, ...others] = this.#counting(entries);
      return others.map(({ file, line }) => ({
        file,
        line,
        field: "spec.targetRefs",
        message: `Service ${service} has a policy already: ${first?.object.metadata.name}, which counts`,
        remedy: "Leave one policy per Service",
      }));
    });
  }
}

/** Entries by key, each list in the order of files and lines. */
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

function byPlace(left: Entry, right: Entry): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line;
}

function identityOf(object: KindObject): string {
  const namespace = object.kind === "Site" ? "" : `${object.metadata.namespace}/`;
  return `${object.kind} ${namespace}${object.metadata.name}`;
}
