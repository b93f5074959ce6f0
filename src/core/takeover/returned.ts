/**
 * Whether a Service whose selector is back is served by Kubernetes' own slices again.
 * @module
 */
import { SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import type { ClusterSlice } from "../../model/takeover.ts";
import { MANAGED_BY_LABEL } from "./gateway-slice.ts";
import { SLICE_MANAGER } from "./marks.ts";

/** Kubernetes' own slices are waited for no longer, in milliseconds: it may be the one that does not work. */
export const LONGEST_RETURN_MS = 10_000;

/** Label selector of all slices of a Service but Tandem's. */
export function kubernetesSlices(service: string): string {
  return `${SERVICE_NAME_LABEL}=${service},${MANAGED_BY_LABEL}!=${SLICE_MANAGER}`;
}

/** How many endpoints of some slices are used. */
export function readyEndpoints(slices: readonly ClusterSlice[]): number {
  // Kubernetes treats an absent `ready` as true.
  const ready = slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(({ conditions }) => conditions.ready !== false),
  );
  return ready.length;
}
