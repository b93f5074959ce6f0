import { resourceKey, type ResourceType, versionOf } from "../kinds/resource-type.ts";
import { ResourceStorage, type StorageWorld } from "./resource-storage.ts";

/** Which resources are served at the moment: the built-in ones, and those that established definitions add. */
export class ServedResources {
  readonly world: StorageWorld;
  readonly #types = new Map<string, ResourceType>();

  constructor(world: StorageWorld, builtIn: readonly ResourceType[]) {
    this.world = world;
    for (const type of builtIn) this.#types.set(resourceKey(type), type);
  }

  /** Every served resource. */
  get types(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  /** Serves a resource, or serves it in another form. */
  serve(type: ResourceType): void {
    const key = resourceKey(type);
    if (!this.#types.has(key)) this.world.store.begin(key);
    this.#types.set(key, type);
  }

  /** Serves it no longer. */
  withdraw(key: string): void {
    this.#types.delete(key);
  }

  /** Whether a resource is served in any version. */
  type(key: string): ResourceType | undefined {
    return this.#types.get(key);
  }

  /** A resource by the kind that an owner reference names. */
  ofKind(group: string, kind: string): ResourceType | undefined {
    return this.types.find((type) => type.group === group && type.kind === kind);
  }

  /** Reads and writes of a resource in a version; undefined when that is not served. */
  in(key: string, version: string): ResourceStorage | undefined {
    const type = this.#types.get(key);
    const served = type === undefined ? undefined : versionOf(type, version);
    return type === undefined || served === undefined
      ? undefined
      : new ResourceStorage({ type, version: served }, this.world);
  }

  /** Reads and writes of a resource in its storage version. @throws when it is not served */
  storage(key: string): ResourceStorage {
    const type = this.#types.get(key);
    const version = type === undefined ? undefined : (versionOf(type, type.storageVersion) ?? type.versions[0]);
    if (type === undefined || version === undefined) throw new Error(`${key} is not served`);
    return new ResourceStorage({ type, version }, this.world);
  }
}
