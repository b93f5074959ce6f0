/**
 * What a structural schema does to a custom object: unknown fields are pruned, defaults filled in.
 * @module
 */
import { isObject, type Json, type JsonObject } from "../api/json.ts";
import type { Schema } from "./schema.ts";

/** Fields that every object has, whatever its schema says. */
const IMPLIED = new Set(["apiVersion", "kind", "metadata"]);

/** An object without the fields that its schema does not know, and their paths. */
export interface Pruned {
  readonly value: JsonObject;
  readonly unknown: readonly string[];
}

/** Prunes a whole object: `apiVersion`, `kind` and `metadata` always stay. */
export function pruneObject(schema: Schema | undefined, object: JsonObject): Pruned {
  const unknown: string[] = [];
  if (schema === undefined) return { value: object, unknown };
  return { value: prune(schema, object, { path: "", unknown, isRoot: true }) as JsonObject, unknown };
}

interface Place {
  readonly path: string;
  readonly unknown: string[];
  readonly isRoot: boolean;
}

function prune(schema: Schema | undefined, value: Json, place: Place): Json {
  if (schema === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((entry, index) =>
      prune(schema.items, entry, { ...place, path: `${place.path}[${index}]`, isRoot: false }),
    );
  }
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [field, entry] of Object.entries(value)) {
    const path = place.path === "" ? field : `${place.path}.${field}`;
    const isImplied = (place.isRoot || schema["x-kubernetes-embedded-resource"] === true) && IMPLIED.has(field);
    const known = isImplied ? {} : knownField(schema, field);
    if (isImplied) kept[field] = entry;
    else if (known === undefined) place.unknown.push(path);
    else kept[field] = known === true ? entry : prune(known, entry, { ...place, path, isRoot: false });
  }
  return kept;
}

/** The schema of a field; true where anything is allowed, undefined where the field is unknown. */
function knownField(schema: Schema, field: string): Schema | true | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, field)) return schema.properties[field];
  if (schema.additionalProperties === true) return true;
  if (typeof schema.additionalProperties === "object") return schema.additionalProperties;
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) return true;
  // Nothing said about the fields of an object: built-in schemas leave such fields free.
  return schema.properties === undefined && isOpaque(schema) ? true : undefined;
}

function isOpaque(schema: Schema): boolean {
  return schema.type === undefined;
}

/** Fills defaults in where a field is missing, or null without being nullable. */
export function defaultObject(schema: Schema | undefined, value: Json): Json {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return value.map((entry) => defaultObject(schema.items, entry));
  if (!isObject(value)) return value;
  const filled: JsonObject = {};
  for (const [field, entry] of Object.entries(value)) {
    const known = schema.properties?.[field] ?? objectSchema(schema.additionalProperties);
    const isRefusedNull = entry === null && known?.nullable !== true && known !== undefined;
    if (isRefusedNull && known.default !== undefined) continue;
    filled[field] = entry === null ? null : defaultObject(known, entry);
  }
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    if (filled[field] !== undefined || property.default === undefined) continue;
    filled[field] = defaultObject(property, structuredClone(property.default));
  }
  return filled;
}

function objectSchema(schema: Schema | boolean | undefined): Schema | undefined {
  return typeof schema === "object" ? schema : undefined;
}

/** A value without nulls: the server's own types have none. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.filter((entry) => entry !== null).map(withoutNulls);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(present.map(([field, entry]) => [field, withoutNulls(entry)]));
}
