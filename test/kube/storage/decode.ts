/**
 * From what a client sent to an object of the kind it claims to be.
 * @module
 */
import { ApiError, badRequest, type FieldProblem, requiredValue, unsupportedValue } from "../api/api-error.ts";
import { isObject, type Json, type JsonObject } from "../api/json.ts";
import type { Draft } from "../api/kube-object.ts";
import { apiVersionOf, type ResourceType, type ResourceVersion } from "../kinds/resource-type.ts";
import { fillDefaults } from "../schema/built-in-schemas.ts";
import type { Schema } from "../schema/schema.ts";
import { defaultObject, pruneObject, withoutNulls } from "../schema/structural.ts";

/** A resource in the version that a request names. */
export interface Endpoint {
  readonly type: ResourceType;
  readonly version: ResourceVersion;
}

/** What happens to fields that are unknown or given twice. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** How strictly a body is read. */
export interface DecodeOptions {
  readonly fieldValidation: FieldValidation;
  /** Fields that the body's text has twice. */
  readonly duplicates: readonly string[];
  /** Takes the texts of `Warning` headers. */
  readonly warn: (text: string) => void;
}

/**
 * Reads a body: checks what it claims to be, drops unknown fields, fills defaults in.
 * @throws ApiError 400 for another kind, values of a wrong type, and in strict mode unknown fields
 */
export function decode({ type, version }: Endpoint, body: Json, options: DecodeOptions): Draft {
  if (!isObject(body)) throw badRequest("couldn't get version/kind; json parse error");
  // What follows makes new objects all the way down: the body itself is never changed.
  const named = withKind({ type, version }, body);
  const sent = type.custom ? named : (withoutNulls(named) as JsonObject);
  const { value, unknown } = pruneObject(version.schema, sent);
  refuseStrictly(
    { type, version },
    [
      ...options.duplicates.map((path) => `duplicate field "${path}"`),
      ...unknown.map((path) => `unknown field "${path}"`),
    ],
    options,
  );
  if (!type.custom) checkTypes({ type, version }, value);
  return complete({ type, version }, value);
}

/** Fills in what every object of the kind has. */
export function complete({ type, version }: Endpoint, value: JsonObject): Draft {
  if (type.custom) return defaultObject(version.schema, value) as JsonObject;
  const filled = bareOf(version.schema, value, type);
  type.rules.fill?.(filled);
  return filled;
}

/** What the server's own type looks like when nobody has said anything; of a custom object that is nothing. */
export function blank({ type, version }: Endpoint): Draft {
  return type.custom ? {} : bareOf(version.schema, {}, type);
}

function bareOf(schema: Schema | undefined, value: JsonObject, type: ResourceType): Draft {
  const filled = fillDefaults(schema, value) as JsonObject;
  type.rules.bare?.(filled);
  return filled;
}

/** The body with what it is, where the client left that to the path. @throws ApiError 400 when it is something else */
function withKind({ type, version }: Endpoint, body: JsonObject): JsonObject {
  const expected = apiVersionOf(type.group, version.name);
  const isUnnamed = body["kind"] === undefined || body["kind"] === "";
  if (isUnnamed && type.custom) throw badRequest("Object 'Kind' is missing in 'unknown'");
  const named: JsonObject = {
    ...body,
    kind: isUnnamed ? type.kind : (body["kind"] ?? ""),
    apiVersion: body["apiVersion"] ?? expected,
  };
  const mismatch = (what: string, given: Json | undefined, wanted: string): Error =>
    badRequest(`the ${what} in the data (${String(given as string)}) does not match the expected ${what} (${wanted})`);
  if (named["apiVersion"] !== expected) throw mismatch("API version", named["apiVersion"], expected);
  if (named["kind"] !== type.kind) throw mismatch("kind", named["kind"], type.kind);
  return named;
}

function refuseStrictly({ type, version }: Endpoint, problems: readonly string[], options: DecodeOptions): void {
  if (problems.length === 0) return;
  if (options.fieldValidation === "Warn") for (const problem of problems) options.warn(problem);
  if (options.fieldValidation !== "Strict") return;
  throw badRequest(
    `${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}: strict decoding error: ${problems.join(", ")}`,
  );
}

/** @throws ApiError 400: the server's own types cannot hold a text where a number belongs */
function checkTypes({ type, version }: Endpoint, value: JsonObject): void {
  const problem = findWrongType(version.schema, value, "");
  if (problem === undefined) return;
  throw badRequest(
    `${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}: json: cannot unmarshal ${problem.given} into Go struct field ${type.kind}${problem.path} of type ${problem.wanted}`,
  );
}

interface WrongType {
  readonly path: string;
  readonly given: string;
  readonly wanted: string;
}

const GO_TYPES: Readonly<Record<string, string>> = { integer: "int32", boolean: "bool", array: "[]", object: "map" };

function findWrongType(schema: Schema | undefined, value: Json, path: string): WrongType | undefined {
  const wanted = schema?.type;
  if (schema === undefined || wanted === undefined) return undefined;
  const given = Array.isArray(value) ? "array" : typeof value;
  const isNumber = given === "number" && (wanted === "integer" || wanted === "number");
  if (given !== wanted && !isNumber) {
    return { path, given: given === "boolean" ? "bool" : given, wanted: GO_TYPES[wanted] ?? wanted };
  }
  if (Array.isArray(value)) return first(value, (entry) => findWrongType(schema.items, entry, path));
  if (!isObject(value)) return undefined;
  const rest = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return first(Object.entries(value), ([field, entry]) =>
    findWrongType(schema.properties?.[field] ?? rest, entry, `${path}.${field}`),
  );
}

function first<T, R>(entries: readonly T[], find: (entry: T) => R | undefined): R | undefined {
  for (const entry of entries) {
    const found = find(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the OpenAPI schema of a built-in kind says beyond types: required fields and allowed values. */
export function checkBuiltIn(schema: Schema | undefined, value: Json, path = ""): FieldProblem[] {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((entry, index) => checkBuiltIn(schema.items, entry, `${path}[${index}]`));
  if (typeof value === "string") {
    const isAllowed = schema.enum === undefined || value === "" || schema.enum.includes(value);
    return isAllowed
      ? []
      : [unsupportedValue(path, value, (schema.enum ?? []).filter((one) => one !== "").map(String))];
  }
  if (!isObject(value)) return [];
  const missing = (schema.required ?? []).filter((field) => value[field] === undefined || value[field] === "");
  const problems = missing.map((field) => requiredValue(path === "" ? field : `${path}.${field}`));
  for (const [field, entry] of Object.entries(value)) {
    const rest = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
    const place = path === "" ? field : `${path}.${field}`;
    problems.push(...checkBuiltIn(schema.properties?.[field] ?? rest, entry, place));
  }
  return problems;
}

/** Refuses an applied configuration with fields that the schema does not declare. @throws ApiError 500, as the real one */
export function checkConfiguration({ type, version }: Endpoint, configuration: JsonObject, place: string): void {
  const [field] = pruneObject(version.schema, configuration).unknown;
  if (field === undefined) return;
  const kind = `${type.group}/${version.name}, Kind=${type.kind}`;
  throw new ApiError(
    500,
    "",
    `failed to create typed patch object (${place}; ${kind}): .${field}: field not declared in schema`,
  );
}
