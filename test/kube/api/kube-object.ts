import { type Json, type JsonObject, objectAt, textsAt } from "./json.ts";

/** Metadata of a stored object, as far as the double itself reads it. */
export interface ObjectMeta extends JsonObject {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
}

/** An object as it is stored: never changed in place, every write makes another. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object on its way in: nothing about it is sure yet. */
export type Draft = JsonObject;

/** The namespace of an object; empty for those of the cluster. */
export function namespaceOf(object: JsonObject): string {
  const namespace = objectAt(object, "metadata")["namespace"];
  return typeof namespace === "string" ? namespace : "";
}

/** The name of an object; empty when it has none yet. */
export function nameOf(object: JsonObject): string {
  const name = objectAt(object, "metadata")["name"];
  return typeof name === "string" ? name : "";
}

/** The labels of an object. */
export function labelsOf(object: JsonObject): Readonly<Record<string, Json>> {
  return objectAt(object, "metadata", "labels");
}

/** The finalizers of an object. */
export function finalizersOf(object: JsonObject): readonly string[] {
  return textsAt(object, "metadata", "finalizers");
}

/** Whether somebody asked for an object's deletion. */
export function isTerminating(object: JsonObject): boolean {
  return typeof objectAt(object, "metadata")["deletionTimestamp"] === "string";
}
