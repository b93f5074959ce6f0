/**
 * Resources on their way to Envoy: encoded, cached, kept on disk; what Envoy refuses is remembered for the status.
 * @module
 */
import { type EncodedResource, encodeResource } from "../../adapters/xds/encode-resource.ts";
import { ResourceCache } from "../../adapters/xds/resource-cache.ts";
import { Snapshot } from "../../adapters/xds/snapshot.ts";
import type { Rejection } from "../../adapters/xds/subscription.ts";
import { serviceOfResource } from "../../core/envoy/names.ts";
import type { Problem } from "../../model/problem.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { XdsResource } from "../../model/xds-resource.ts";
import type { Logger } from "../../ports/logger.ts";

/** The resources of one gateway. */
export class Publisher {
  readonly cache = new ResourceCache();
  readonly #snapshot: Snapshot;
  readonly #log: Logger;
  readonly #rejections = new Map<string, Rejection>();

  constructor(snapshotPath: string, log: Logger) {
    this.#log = log;
    this.#snapshot = new Snapshot(snapshotPath, this.cache, (error) =>
      log.error("snapshot_not_written", { error: String(error) }),
    );
  }

  /** Takes up what the last agent here had published; {@link confirm} says when it is up to date. */
  async restore(): Promise<void> {
    this.cache.provisional = true;
    const { resources, damaged } = await this.#snapshot.restore();
    for (const { setAside, reason } of damaged) this.#log.warn("snapshot_set_aside", { path: setAside, reason });
    if (resources > 0) this.#log.info("snapshot_restored", { resources });
  }

  /** Makes `resources` all that `owner` has. Returns whether that changed anything. */
  publish(owner: string, resources: readonly XdsResource[]): boolean {
    return this.#replace(
      owner,
      resources.map((resource) => this.#encode(resource)),
    );
  }

  /** Gives new content to some resources of `owner`; what else it has stays. Returns whether that changed anything. */
  update(owner: string, resources: readonly XdsResource[]): boolean {
    const encoded = resources.map((resource) => this.#encode(resource));
    const names = new Set(encoded.map(({ type, name }) => `${type} ${name}`));
    const others = this.cache.of(owner).filter(({ type, name }) => !names.has(`${type} ${name}`));
    return this.#replace(owner, [...others, ...encoded]);
  }

  /** All sources have been read and published: from now on Envoy gets what it lacks and loses what nobody has. */
  confirm(): void {
    this.cache.provisional = false;
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
      .filter(({ name }) => serviceOfResource(name) === service)
      .map(({ type, name, message }) => `${type} ${name}: ${message}`);
  }

  /** Refused resources of the gateway itself, which show at no service. */
  problems(): readonly Problem[] {
    return [...this.#rejections.values()]
      .filter(({ name }) => serviceOfResource(name) === undefined)
      .map(({ type, name, message }) => ({
        message: `Envoy refused the ${type} ${name}: ${message}`,
        remedy: "Free the address or port if it is taken and start the gateway again; else report the message",
      }));
  }

  /** Forgets what an Envoy refused that is gone: the next one may take the same. */
  forgetRejections(): void {
    this.#rejections.clear();
  }

  #replace(owner: string, resources: readonly EncodedResource[]): boolean {
    const changes = this.cache.replace(owner, resources);
    if (changes.size === 0) return false;
    for (const [type, names] of changes) for (const name of names) this.#rejections.delete(`${type} ${name}`);
    this.#snapshot.save(owner);
    return true;
  }

  #encode(resource: XdsResource): EncodedResource {
    return encodeResource(resource, this.cache.get(resource.type, resource.name));
  }

  /** Writes what is waiting. */
  async close(): Promise<void> {
    await this.#snapshot.flush();
  }
}
