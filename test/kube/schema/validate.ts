/**
 * Validation of a custom object by its schema, in the words of the real API server.
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import {
  duplicateValue,
  type FieldProblem,
  invalidValue,
  requiredValue,
  tooLong,
  tooMany,
  unsupportedValue,
} from "../api/api-error.ts";
import { canonicalJson, equal, isObject, type Json, type JsonObject } from "../api/json.ts";
import type { Schema } from "./schema.ts";

/** Everything that is wrong with a value; fields in alphabetical order. */
export function validateBySchema(schema: Schema, value: Json, path: string): FieldProblem[] {
  if (value === null) return schema.nullable === true ? [] : [wrongType(schema, value, path)];
  if (!hasType(schema, value)) return [wrongType(schema, value, path)];
  const problems: FieldProblem[] = [];
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equal(allowed, value))) {
    problems.push(
      unsupportedValue(
        path,
        value,
        schema.enum.map((allowed) => String(allowed as string)),
      ),
    );
  }
  if (typeof value === "number") problems.push(...validateNumber(schema, value, path));
  if (typeof value === "string") problems.push(...validateText(schema, value, path));
  if (Array.isArray(value)) problems.push(...validateList(schema, value, path));
  if (isObject(value)) problems.push(...validateFields(schema, value, path));
  problems.push(...validateCombinations(schema, value, path));
  return problems;
}

function hasType(schema: Schema, value: Json): boolean {
  if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string") {
    return typeof value === "string" || Number.isInteger(value);
  }
  switch (schema.type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
    case "string":
    case "boolean":
      return typeof value === schema.type;
    case undefined:
    default:
      return true;
  }
}

function wrongType(schema: Schema, value: Json, path: string): FieldProblem {
  const given = Array.isArray(value)
    ? "array"
    : typeof value === "number" && Number.isInteger(value)
      ? "integer"
      : typeof value;
  const type = schema.type ?? "integer,string";
  return {
    reason: "FieldValueTypeInvalid",
    message: `Invalid value: ${JSON.stringify(value === null ? "null" : given)}: ${path} in body must be of type ${type}: ${JSON.stringify(value === null ? "null" : given)}`,
    field: path,
  };
}

function validateNumber(schema: Schema, value: number, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { minimum, maximum, multipleOf } = schema;
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const words = schema.exclusiveMinimum === true ? "greater than" : "greater than or equal to";
    problems.push(invalidValue(path, value, `${path} in body should be ${words} ${minimum}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const words = schema.exclusiveMaximum === true ? "less than" : "less than or equal to";
    problems.push(invalidValue(path, value, `${path} in body should be ${words} ${maximum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    problems.push(invalidValue(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  }
  return problems;
}

function validateText(schema: Schema, value: string, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) problems.push(tooLong(path, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) {
    problems.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    problems.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  const format = schema.format === undefined ? undefined : FORMATS[schema.format];
  if (format !== undefined && !format(value)) {
    problems.push(
      invalidValue(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
    );
  }
  return problems;
}

const UNIT = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)(\s*\d+(\.\d*)?(ns|us|µs|ms|s|m|h|d|w))*$/;

/** Formats that are checked; others are annotations only. */
const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  "date-time": (value) =>
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  duration: (value) => value === "0" || UNIT.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  uuid: (value) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
  uri: (value) => URL.canParse(value),
  byte: (value) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
};

function validateList(schema: Schema, value: readonly Json[], path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    problems.push(tooMany(path, value.length, schema.maxItems));
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    problems.push(invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  }
  if (schema.items !== undefined) {
    const items = schema.items;
    value.forEach((entry, index) => problems.push(...validateBySchema(items, entry, `${path}[${index}]`)));
  }
  return [...problems, ...findDuplicates(schema, value, path)];
}

function findDuplicates(schema: Schema, value: readonly Json[], path: string): FieldProblem[] {
  const listType = schema["x-kubernetes-list-type"];
  if (listType !== "set" && listType !== "map") return [];
  const seen = new Set<string>();
  return value.flatMap((entry, index) => {
    const id = listType === "set" ? entry : keysOf(schema, entry);
    const text = canonicalJson(id);
    const isAgain = seen.has(text);
    seen.add(text);
    return isAgain ? [duplicateValue(`${path}[${index}]`, id)] : [];
  });
}

function keysOf(schema: Schema, entry: Json): JsonObject {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return Object.fromEntries(
    keys.flatMap((key) => (isObject(entry) && entry[key] !== undefined ? [[key, entry[key]]] : [])),
  );
}

function validateFields(schema: Schema, value: JsonObject, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    problems.push(tooMany(path, count, schema.maxProperties));
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    problems.push(invalidValue(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  }
  const required = (schema.required ?? []).filter((field) => value[field] === undefined);
  const fields = [...new Set([...Object.keys(value), ...required])].toSorted();
  for (const field of fields) {
    const place = path === "" ? field : `${path}.${field}`;
    const entry = value[field];
    const known =
      schema.properties?.[field] ??
      (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
    if (entry === undefined) problems.push(requiredValue(place));
    else if (known !== undefined) problems.push(...validateBySchema(known, entry, place));
  }
  return problems;
}

function validateCombinations(schema: Schema, value: Json, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const fits = (option: Schema): boolean => validateBySchema(option, value, path).length === 0;
  for (const part of schema.allOf ?? []) problems.push(...validateBySchema(part, value, path));
  if (schema.anyOf !== undefined && !schema.anyOf.some(fits)) {
    problems.push(invalidValue(path, printedKind(value), `${path} in body must validate at least one schema (anyOf)`));
  }
  if (schema.oneOf !== undefined && schema.oneOf.filter(fits).length !== 1) {
    problems.push(
      invalidValue(path, printedKind(value), `${path} in body must validate one and only one schema (oneOf)`),
    );
  }
  if (schema.not !== undefined && fits(schema.not)) {
    problems.push(invalidValue(path, printedKind(value), `${path} in body must not validate the schema (not)`));
  }
  return problems;
}

function printedKind(value: Json): Json {
  return isObject(value) || Array.isArray(value) ? "" : value;
}
