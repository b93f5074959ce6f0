import type { EndpointSlice, FailoverPolicy, KindObject, Service, Site, Switch } from "../../model/kinds/index.ts";
import type { Problem } from "../../model/problem.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { ObjectChanges, ObjectStore, Place } from "../../ports/object-store.ts";
import { ObjectIndex } from "./object-index.ts";

/** What stores have in common, wherever their objects come from: an index in memory that answers, and who listens. */
export abstract class IndexedStore implements ObjectStore {
  /** Kept up to date by the store. */
  protected readonly index = new ObjectIndex();
  readonly #listeners = new Set<(changes: ObjectChanges) => void>();

  policyOf(service: ServiceKey): FailoverPolicy | undefined {
    return this.index.policyOf(service);
  }

  policies(): readonly FailoverPolicy[] {
    return this.index.policies();
  }

  policy(key: string): FailoverPolicy | undefined {
    return this.index.policy(key);
  }

  service(key: ServiceKey): Service | undefined {
    return this.index.service(key);
  }

  services(): readonly Service[] {
    return this.index.services();
  }

  slicesOf(service: ServiceKey): readonly EndpointSlice[] {
    return this.index.slicesOf(service);
  }

  switchesOf(service: ServiceKey): readonly Switch[] {
    return this.index.switchesOf(service);
  }

  switches(): readonly Switch[] {
    return this.index.switches();
  }

  site(name: string): Site | undefined {
    return this.index.site(name);
  }

  sites(): readonly Site[] {
    return this.index.sites();
  }

  targetedServices(): readonly ServiceKey[] {
    return this.index.targetedServices();
  }

  placeOf(object: KindObject): Place {
    return this.index.placeOf(object);
  }

  abstract problems(): readonly Problem[];

  onChange(listener: (changes: ObjectChanges) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells those who listen, after the index has changed or problems have. */
  protected tell(changes: ObjectChanges): void {
    for (const listener of this.#listeners) listener(changes);
  }
}
