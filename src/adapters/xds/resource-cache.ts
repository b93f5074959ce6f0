import type { XdsType } from "../../model/xds-resource.ts";
import type { EncodedResource } from "./encode-resource.ts";

/** Names that changed, were added or were removed, by type. */
export type ResourceChanges = ReadonlyMap<XdsType, ReadonlySet<string>>;

/**
 * All resources of one gateway, each belonging to an owner (a service, or the gateway itself), so that
 * replacing what one owner has costs nothing for the others.
 */
export class ResourceCache {
  readonly #byType = new Map<XdsType, Map<string, EncodedResource>>();
  readonly #byOwner = new Map<string, readonly EncodedResource[]>();
  readonly #listeners = new Set<(changes: ResourceChanges) => void>();
  #provisional = false;

  /**
   * What is here may be older than what an Envoy has, as a snapshot is whose last changes were not written any more:
   * it is for those Envoys that have nothing, and nothing is changed or taken back where something is in force.
   */
  get provisional(): boolean {
    return this.#provisional;
  }

  /** See {@link provisional}; ending it makes all streams look again. */
  set provisional(value: boolean) {
    const ended = this.#provisional && !value;
    this.#provisional = value;
    if (ended) for (const listener of this.#listeners) listener(new Map());
  }

  /** Makes `resources` all that `owner` has. Resources with the version they had before are no change. */
  replace(owner: string, resources: readonly EncodedResource[]): ResourceChanges {
    const changes = new Map<XdsType, Set<string>>();
    const kept = new Set(resources.map((resource) => `${resource.type} ${resource.name}`));
    for (const old of this.#byOwner.get(owner) ?? []) {
      if (kept.has(`${old.type} ${old.name}`)) continue;
      this.#ofType(old.type).delete(old.name);
      note(changes, old);
    }
    for (const resource of resources) {
      const before = this.#ofType(resource.type).get(resource.name);
      if (before?.version === resource.version) continue;
      this.#ofType(resource.type).set(resource.name, resource);
      note(changes, resource);
    }
    if (resources.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, resources);
    if (changes.size > 0) for (const listener of this.#listeners) listener(changes);
    return changes;
  }

  /** The current resource, undefined when there is none. */
  get(type: XdsType, name: string): EncodedResource | undefined {
    return this.#byType.get(type)?.get(name);
  }

  /** Names of all resources of a type. */
  names(type: XdsType): Iterable<string> {
    return this.#byType.get(type)?.keys() ?? [];
  }

  /** Owners with at least one resource. */
  owners(): readonly string[] {
    return [...this.#byOwner.keys()];
  }

  /** All that an owner has. */
  of(owner: string): readonly EncodedResource[] {
    return this.#byOwner.get(owner) ?? [];
  }

  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: (changes: ResourceChanges) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ofType(type: XdsType): Map<string, EncodedResource> {
    let resources = this.#byType.get(type);
    if (resources === undefined) {
      resources = new Map();
      this.#byType.set(type, resources);
    }
    return resources;
  }
}

function note(changes: Map<XdsType, Set<string>>, resource: { readonly type: XdsType; readonly name: string }): void {
  const names = changes.get(resource.type);
  if (names === undefined) changes.set(resource.type, new Set([resource.name]));
  else names.add(resource.name);
}
