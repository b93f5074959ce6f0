import type { ClusterSlice, TakeoverChange } from "../../model/takeover.ts";

/**
 * The change that takes dead gateways out of a slice that clients are led to; undefined when none of them is in it, and
 * when nobody would be left.
 * @param dead addresses
 */
export function withoutGateways(slice: ClusterSlice, dead: ReadonlySet<string>): TakeoverChange | undefined {
  const endpoints = slice.endpoints ?? [];
  const left = endpoints.filter(({ addresses }) => !addresses.some((address) => dead.has(address)));
  const isUsed = left.some(({ conditions }) => conditions.ready === true);
  if (left.length === endpoints.length || !isUsed) return undefined;
  const { name, resourceVersion } = slice.metadata;
  return { do: "patch", resource: "endpointSlices", name, resourceVersion, patch: { endpoints: left } };
}
