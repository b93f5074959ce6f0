/**
 * Resources on their way to Envoy: encoded, cached, kept on disk; what Envoy refuses is remembered for the status.
 * @module
 */
import { type EncodedResource, encodeResource, versionOf } from "../../adapters/xds/encode-resource.ts";
import { ResourceCache } from "../../adapters/xds/resource-cache.ts";
import { readSnapshot, SNAPSHOT_FORMAT, writeSnapshot } from "../../adapters/xds/snapshot.ts";
import type { Rejection } from "../../adapters/xds/subscription.ts";
import { SavedFile } from "../../adapters/state/saved-file.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import type { Logger } from "../../ports/logger.ts";

/** The resources of one gateway. */
export class Publisher {
  readonly cache = new ResourceCache();
  readonly #file: SavedFile;
  readonly #log: Logger;
  readonly #rejections = new Map<string, Rejection>();

  constructor(snapshotPath: string, log: Logger) {
    this.#log = log;
    this.#file = new SavedFile(snapshotPath, SNAPSHOT_FORMAT, (error) =>
      log.error("snapshot_not_written", { error: String(error) }),
    );
  }

  /** Takes up what the last agent here had published. */
  async restore(): Promise<void> {
    const loaded = await this.#file.load();
    if (loaded.found === "damaged")
      this.#log.warn("snapshot_set_aside", { path: loaded.setAside, reason: loaded.reason });
    if (loaded.found !== "content") return;
    const resources = readSnapshot(this.cache, loaded.body);
    this.#log.info("snapshot_restored", { resources });
  }

  /** Makes `resources` all that `owner` has. */
  publish(owner: string, resources: readonly XdsResource[]): void {
    const encoded = resources.map((resource) => this.#encode(resource));
    const changes = this.cache.replace(owner, encoded);
    if (changes.size === 0) return;
    for (const [type, names] of changes) for (const name of names) this.#rejections.delete(`${type} ${name}`);
    this.#file.save(() => writeSnapshot(this.cache));
  }

  /** Takes back what no owner among `owners` has: leftovers of a snapshot older than the objects are now. */
  retainOwners(owners: ReadonlySet<string>): void {
    for (const owner of this.cache.owners()) if (!owners.has(owner)) this.publish(owner, []);
  }

  /** Remembers that Envoy refused a resource. */
  reject(rejection: Rejection): void {
    this.#log.error("envoy_rejected_resource", { ...rejection });
    this.#rejections.set(`${rejection.type} ${rejection.name}`, rejection);
  }

  /** Envoy's words for refused resources of a service. */
  rejectionsOf(service: ServicePortKey): readonly string[] {
    return [...this.#rejections.values()]
      .filter(({ name }) => name.endsWith(service) || name.includes(`${service}/`))
      .map(({ type, name, message }) => `${type} ${name}: ${message}`);
  }

  /** When an endpoint fails, one resource of several changes, and an encoding takes far longer than a comparison. */
  #encode(resource: XdsResource): EncodedResource {
    const version = versionOf(resource);
    const known = this.cache.get(resource.type, resource.name);
    return known?.version === version ? known : encodeResource(resource, version);
  }

  /** Writes what is waiting. */
  async close(): Promise<void> {
    await this.#file.flush();
  }
}
