import type { ClusterService } from "../../model/takeover.ts";

/** Label of everything that Tandem makes. */
export const PART_OF = { "app.kubernetes.io/part-of": "tandem" } as const;

/** Who keeps an EndpointSlice, by the label that Kubernetes has for it. */
export const SLICE_MANAGER = "tandem.dev";

/** Whether an object is owned by anything. */
export function hasOwner({ metadata }: { readonly metadata: ClusterService["metadata"] }): boolean {
  const references: unknown = metadata["ownerReferences"];
  return Array.isArray(references) && references.length > 0;
}

/** Whether an object is owned by a Service, and not by one that had its name before. */
export function isOwnedBy(
  { metadata }: { readonly metadata: ClusterService["metadata"] },
  service: ClusterService,
): boolean {
  const references: unknown = metadata["ownerReferences"];
  return (
    Array.isArray(references) &&
    references.some((one: unknown) => (one as { uid?: unknown } | null)?.uid === service.metadata.uid)
  );
}

/**
 * An owner reference: what was made for a Service goes with it. It is not the policy's: a policy that somebody removes by
 * force would take with it what its Service is restored from.
 */
export function ownedBy({ metadata }: ClusterService): Readonly<Record<string, unknown>> {
  return { apiVersion: "v1", kind: "Service", name: metadata.name, uid: metadata.uid };
}
