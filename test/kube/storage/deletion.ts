/**
 * What a deletion waits for, and what it is refused for.
 * @module
 */
import { conflict } from "../api/api-error.ts";
import { type JsonObject, objectAt, textAt } from "../api/json.ts";
import { finalizersOf, isTerminating, type KubeObject, nameOf } from "../api/kube-object.ts";
import { resourceKey, type ResourceType } from "../kinds/resource-type.ts";
import type { DeleteOptions } from "./write-options.ts";

/** @throws ApiError 409 when the object is not the one that was meant */
export function checkPreconditions(
  type: ResourceType,
  live: KubeObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  // The real server names the kind here, not the resource.
  const named = { group: type.group, plural: type.kind };
  if (uid !== undefined && uid !== live.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${live.metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(named, nameOf(live), why);
  }
  const current = live.metadata.resourceVersion;
  if (resourceVersion !== undefined && resourceVersion !== current) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current}). The object might have been modified`;
    throw conflict(named, nameOf(live), why);
  }
}

/** Finalizers that hold the object from now on. */
export function finalizersAfter(
  type: ResourceType,
  live: KubeObject,
  { propagationPolicy }: DeleteOptions,
): readonly string[] {
  const finalizers = new Set(finalizersOf(live));
  if (propagationPolicy === "Foreground") finalizers.add("foregroundDeletion");
  if (propagationPolicy === "Orphan") finalizers.add("orphan");
  const isDefinition = resourceKey(type) === "apiextensions.k8s.io/customresourcedefinitions";
  if (isDefinition && !isTerminating(live)) finalizers.add("customresourcecleanup.apiextensions.k8s.io");
  return [...finalizers];
}

/** Seconds that a pod on a node has to end; nothing else has any. */
export function gracePeriod(type: ResourceType, live: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (resourceKey(type) !== "/pods") return 0;
  const spec = objectAt(live, "spec");
  const phase = textAt(live, "status", "phase");
  if (textAt(spec, "nodeName") === undefined || phase === "Failed" || phase === "Succeeded") return 0;
  return gracePeriodSeconds ?? Number(spec["terminationGracePeriodSeconds"] ?? 30);
}

/** Whether nothing in its spec holds a namespace any more. */
export function namespaceIsFinal(namespace: JsonObject): boolean {
  const finalizers = objectAt(namespace, "spec")["finalizers"];
  return !Array.isArray(finalizers) || finalizers.length === 0;
}
