/**
 * What an update leaves as it is, and what it may not do.
 * @module
 */
import { forbiddenValue, invalid, type QualifiedKind } from "../api/api-error.ts";
import { equal, type JsonObject, objectAt } from "../api/json.ts";
import { type Draft, finalizersOf, isTerminating, type KubeObject, nameOf } from "../api/kube-object.ts";
import { sameOwners } from "../fields/managed-fields.ts";

/** Metadata that an update cannot change. */
const KEPT = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "generateName",
  "selfLink",
  "resourceVersion",
];

/** Metadata that was sent, with what cannot be changed taken from the live object. */
export function keptMetadata(live: KubeObject, sent: JsonObject): JsonObject {
  const metadata: JsonObject = { ...sent };
  for (const field of KEPT) {
    const value = live.metadata[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  dropEmpty(metadata);
  return metadata;
}

/** Takes out what the real server does not write: metadata that is empty. */
export function dropEmpty(metadata: JsonObject): void {
  for (const field of ["labels", "annotations", "finalizers", "ownerReferences"]) {
    const value = metadata[field];
    if (value === null || equal(value, {}) || equal(value, [])) delete metadata[field];
  }
}

/** Whether nothing changed but perhaps the times of managed fields. */
export function isSame(live: JsonObject, next: JsonObject): boolean {
  const bare = (object: JsonObject): JsonObject => {
    const { managedFields: _, ...metadata } = objectAt(object, "metadata");
    return { ...object, metadata };
  };
  const [before, after] = [objectAt(live, "metadata")["managedFields"], objectAt(next, "metadata")["managedFields"]];
  return equal(bare(live), bare(next)) && sameOwners(before, after);
}

/** Refuses finalizers that come too late. @throws ApiError 422 */
export function checkFinalizers(type: QualifiedKind, live: KubeObject, next: Draft): void {
  if (!isTerminating(live)) return;
  const fresh = finalizersOf(next).filter((finalizer) => !finalizersOf(live).includes(finalizer));
  if (fresh.length === 0) return;
  const found = fresh.map((finalizer) => JSON.stringify(finalizer)).join(", ");
  throw invalid(type, nameOf(live), [
    forbiddenValue(
      "metadata.finalizers",
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`,
    ),
  ]);
}
