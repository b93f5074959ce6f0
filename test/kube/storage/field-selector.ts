import { badRequest } from "../api/api-error.ts";
import { at, type JsonObject } from "../api/json.ts";
import { nameOf, namespaceOf } from "../api/kube-object.ts";
import type { ResourceType } from "../kinds/resource-type.ts";

/** Reads the query parameter `fieldSelector`. @throws ApiError 400 for a field that cannot be selected by */
export function parseFieldSelector(type: ResourceType, text: string): (object: JsonObject) => boolean {
  const requirements = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => parseRequirement(type, part));
  return (object) => requirements.every((requirement) => requirement(object));
}

function parseRequirement(type: ResourceType, text: string): (object: JsonObject) => boolean {
  const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(text);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const [, field = "", operator = "", wanted = ""] = match;
  const isKnown = field === "metadata.name" || field === "metadata.namespace" || type.selectable.includes(field);
  if (!isKnown) throw badRequest(`field label not supported: ${field}`);
  return (object) => (valueOf(object, field) === wanted) === (operator !== "!=");
}

function valueOf(object: JsonObject, field: string): string {
  if (field === "metadata.name") return nameOf(object);
  if (field === "metadata.namespace") return namespaceOf(object);
  // An Event's source is compared by its component.
  const path = field === "source" ? ["source", "component"] : field.split(".");
  const value = at(object, ...path);
  return value === undefined || value === null ? "" : String(value as string | number | boolean);
}
