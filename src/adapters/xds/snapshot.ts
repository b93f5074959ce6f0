/**
 * The resources of a gateway on disk, so that a restarted Envoy gets them from an agent that has lost everything else.
 * Secrets are left out: they are in files of their own.
 * @module
 */
import { z } from "zod";
import { XDS_MESSAGE, type XdsType } from "../../model/xds-resource.ts";
import type { EncodedResource } from "./encode-resource.ts";
import type { ResourceCache } from "./resource-cache.ts";

/** Format of the file; changes when the meaning of its lines does. */
export const SNAPSHOT_FORMAT = "tandem-snapshot/1";

const Line = z.object({
  owner: z.string(),
  type: z.enum(Object.keys(XDS_MESSAGE) as [XdsType, ...XdsType[]]),
  name: z.string(),
  version: z.string(),
  wire: z.base64(),
});

/** Writes what a cache holds, a line a resource. */
export function writeSnapshot(cache: ResourceCache): string {
  const lines: string[] = [];
  for (const [owner, resources] of cache.entries()) {
    for (const { type, name, version, wire } of resources) {
      if (type !== "secret")
        lines.push(JSON.stringify({ owner, type, name, version, wire: Buffer.from(wire).toString("base64") }));
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Fills a cache with what was written. Returns how many resources there were. */
export function readSnapshot(cache: ResourceCache, body: string): number {
  const byOwner = new Map<string, EncodedResource[]>();
  let count = 0;
  for (const text of body.split("\n")) {
    if (text === "") continue;
    const { owner, wire, ...rest } = Line.parse(JSON.parse(text));
    const resource: EncodedResource = { ...rest, wire: Buffer.from(wire, "base64") };
    const resources = byOwner.get(owner);
    if (resources === undefined) byOwner.set(owner, [resource]);
    else resources.push(resource);
    count += 1;
  }
  for (const [owner, resources] of byOwner) cache.replace(owner, resources);
  return count;
}
