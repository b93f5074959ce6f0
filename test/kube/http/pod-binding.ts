/**
 * `pods/NAME/binding`: how schedulers put a pod onto a node.
 * @module
 */
import { badRequest, conflict, invalid, requiredValue } from "../api/api-error.ts";
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "../api/json.ts";
import { isTerminating, type KubeObject } from "../api/kube-object.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import { keyOf, type Place, type ResourceStorage, type StorageWorld, timestamp } from "../storage/resource-storage.ts";

/** Puts the pod onto the node that a Binding names. @throws ApiError 400, 404, 409, 422 */
export function bindPod(world: StorageWorld, storage: ResourceStorage, place: Place, body: Json): JsonObject {
  if (!isObject(body) || (body["kind"] ?? "Binding") !== "Binding") throw badRequest("a Binding was expected");
  const node = textAt(body, "target", "name") ?? "";
  if (node === "") throw invalid({ group: "", kind: "Binding" }, place.name, [requiredValue("target.name")]);
  const pod = storage.get(place);
  const uid = textAt(body, "metadata", "uid") ?? pod.metadata.uid;
  const why =
    uid === pod.metadata.uid
      ? whyNot(pod)
      : `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`;
  if (why !== undefined) throw conflict({ group: "", plural: "pods/binding" }, place.name, why);
  const status = boundStatus(pod, timestamp(world.now()));
  const changed = { ...pod, metadata: boundMetadata(pod, body), spec: { ...objectAt(pod, "spec"), nodeName: node } };
  world.store.put(resourceKey(storage.endpoint.type), keyOf(place.namespace, place.name), { ...changed, status });
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

function whyNot(pod: KubeObject): string | undefined {
  const { name } = pod.metadata;
  const node = textAt(pod, "spec", "nodeName") ?? "";
  if (isTerminating(pod)) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (node !== "") return `pod ${name} is already assigned to node "${node}"`;
  return listAt(pod, "spec", "schedulingGates").length > 0
    ? `pod ${name} has non-empty .spec.schedulingGates`
    : undefined;
}

/** Annotations and labels of the Binding become the pod's. */
function boundMetadata({ metadata }: KubeObject, binding: JsonObject): JsonObject {
  const changed: JsonObject = { ...metadata };
  for (const field of ["annotations", "labels"]) {
    const more = objectAt(binding, "metadata", field);
    if (Object.keys(more).length > 0) changed[field] = { ...objectAt(metadata, field), ...more };
  }
  return changed;
}

function boundStatus(pod: KubeObject, lastTransitionTime: string): JsonObject {
  const { nominatedNodeName: _, ...status } = objectAt(pod, "status");
  const others = listAt(status, "conditions").filter((one) => textAt(one, "type") !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime };
  return { ...status, conditions: [...others, scheduled] };
}
