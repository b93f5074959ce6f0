import { canonicalJson, type Json, isObject } from "../api/json.ts";
import { fieldSchema, namesField, type Schema } from "../schema/schema.ts";
import type { PathElement } from "./field-set.ts";

/** How a value is owned: as a whole (leaf, atomic list or map) or piece by piece. */
export type Shape = "leaf" | "map" | "set" | "list-map";

/** How values of a schema are owned; without a schema it is deduced from the value. */
export function shapeOf(schema: Schema | undefined, value: Json | undefined): Shape {
  if (Array.isArray(value)) {
    const listType = schema?.["x-kubernetes-list-type"];
    if (listType === "set") return "set";
    return listType === "map" ? "list-map" : "leaf";
  }
  if (!isObject(value)) return "leaf";
  return schema?.["x-kubernetes-map-type"] === "atomic" ? "leaf" : "map";
}

/** A value with the step that leads to it. */
export interface Member {
  readonly element: PathElement;
  readonly value: Json;
  readonly schema: Schema | undefined;
  /** Whether the schema names this field, as opposed to a key of a map or an item of a list. */
  readonly named: boolean;
}

/** The pieces of a value that is not owned as a whole. */
export function membersOf(schema: Schema | undefined, value: Json | undefined): readonly Member[] {
  if (isObject(value)) {
    return Object.entries(value).map(([field, entry]) => ({
      element: `f:${field}`,
      value: entry,
      schema: fieldSchema(schema, field),
      named: namesField(schema, field),
    }));
  }
  if (!Array.isArray(value)) return [];
  return value.map((entry) => ({
    element: elementOf(schema, entry),
    value: entry,
    schema: schema?.items,
    named: false,
  }));
}

/** The step to an item of a set or of a list with keys; keys that are not given have their default. */
export function elementOf(schema: Schema | undefined, item: Json): PathElement {
  if (schema?.["x-kubernetes-list-type"] !== "map") return `v:${canonicalJson(item)}`;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const values: Record<string, Json> = {};
  for (const key of keys) {
    const given = isObject(item) ? item[key] : undefined;
    const value = given ?? fieldSchema(schema.items, key)?.default;
    if (value !== undefined) values[key] = value;
  }
  return `k:${canonicalJson(values)}`;
}
