import type { SiteRecord } from "../../model/catalog.ts";
import { createdAt, type OpenableStore } from "../../ports/object-store.ts";

/**
 * Sites that an object of the store lets in. What a site tells of itself afterwards is newer, until its object changes.
 * @returns reads the objects: records of those that are new or have changed
 */
export function listedSites(store: OpenableStore, own: string, now: () => number): () => readonly SiteRecord[] {
  let known: ReadonlyMap<string, string> | undefined;
  return () => {
    const foreign = store.sitesAreMembers
      ? store.sites().filter(({ metadata: { name }, spec }) => name !== own && spec.trustBundle !== "")
      : [];
    const before = known;
    known = new Map(foreign.map(({ metadata: { name }, spec }) => [name, JSON.stringify(spec)]));
    return foreign
      .filter(({ metadata: { name }, spec }) => before?.get(name) !== JSON.stringify(spec))
      .map((site) => ({
        name: site.metadata.name,
        ...site.spec,
        at: before === undefined ? Math.min(createdAt(site), now()) : now(),
      }));
  };
}
