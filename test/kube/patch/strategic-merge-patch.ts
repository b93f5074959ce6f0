/**
 * Strategic merge patches: merge patches that know from the schema which lists are merged, and by which key.
 * @module
 */
import { badRequest } from "../api/api-error.ts";
import { equal, isObject, type Json, type JsonObject, listAt } from "../api/json.ts";
import { fieldSchema, type Schema } from "../schema/schema.ts";

const DIRECTIVE = "$patch";
const DELETE_ITEMS = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";
const RETAIN = "$retainKeys";

/** Applies a strategic merge patch. @throws ApiError 400 for an item without its merge key */
export function applyStrategicMergePatch(schema: Schema | undefined, target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  if (patch[DIRECTIVE] === "replace") return withoutDirectives(patch);
  if (patch[DIRECTIVE] === "delete") return {};
  const merged = retained(isObject(target) ? { ...target } : {}, patch);
  for (const [field, value] of Object.entries(patch)) {
    if (field === DIRECTIVE || field === RETAIN || field.startsWith(ORDER)) continue;
    if (field.startsWith(DELETE_ITEMS)) deleteItems(merged, field.slice(DELETE_ITEMS.length), value);
    else mergeField(merged, { field, value, schema: fieldSchema(schema, field), order: patch[`${ORDER}${field}`] });
  }
  return merged;
}

interface FieldPatch {
  readonly field: string;
  readonly value: Json;
  readonly schema: Schema | undefined;
  readonly order: Json | undefined;
}

function mergeField(merged: JsonObject, { field, value, schema, order }: FieldPatch): void {
  const before = merged[field];
  if (value === null) {
    delete merged[field];
  } else if (isObject(value) && value[DIRECTIVE] === "delete") {
    delete merged[field];
  } else if (Array.isArray(value)) {
    const isMerged = schema?.["x-kubernetes-patch-strategy"]?.split(",").includes("merge") === true;
    const list = isMerged ? mergeList(schema, listAt({ before: before ?? [] }, "before"), value) : withoutNulls(value);
    merged[field] = order === undefined ? [...list] : ordered(schema, list, listAt({ order }, "order"));
  } else {
    merged[field] = applyStrategicMergePatch(schema, before, value);
  }
}

function mergeList(schema: Schema | undefined, before: readonly Json[], patch: readonly Json[]): readonly Json[] {
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === "replace")) {
    return patch.filter((item) => !isObject(item) || item[DIRECTIVE] === undefined);
  }
  const key = schema?.["x-kubernetes-patch-merge-key"];
  if (key === undefined) return [...before, ...patch.filter((item) => !before.some((known) => equal(known, item)))];
  let merged: Json[] = [...before];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest("invalid patch: expected an object in a list with a merge key");
    const id = item[key];
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const place = merged.findIndex((known) => isObject(known) && equal(known[key], id));
    if (item[DIRECTIVE] === "delete") merged = merged.filter((known) => !(isObject(known) && equal(known[key], id)));
    else if (place === -1) merged.push(applyStrategicMergePatch(schema?.items, {}, item));
    else merged[place] = applyStrategicMergePatch(schema?.items, merged[place], item);
  }
  return merged;
}

/** Items in the order that the patch asks for; what it does not mention keeps its place behind its neighbour. */
function ordered(schema: Schema | undefined, list: readonly Json[], order: readonly Json[]): Json[] {
  const key = schema?.["x-kubernetes-patch-merge-key"];
  const idOf = (item: Json): Json => (key !== undefined && isObject(item) ? (item[key] ?? null) : item);
  const wanted = order.map(idOf);
  const rank = (item: Json): number => wanted.findIndex((id) => equal(id, idOf(item)));
  const mentioned = list.filter((item) => rank(item) !== -1).toSorted((left, right) => rank(left) - rank(right));
  return list.map((item) => (rank(item) === -1 ? item : (mentioned.shift() ?? item)));
}

function deleteItems(merged: JsonObject, field: string, items: Json): void {
  const gone = Array.isArray(items) ? items : [];
  const list = merged[field];
  if (Array.isArray(list)) merged[field] = list.filter((item) => !gone.some((one) => equal(one, item)));
}

function retained(merged: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN];
  if (!Array.isArray(keys)) return merged;
  return Object.fromEntries(Object.entries(merged).filter(([field]) => keys.includes(field)));
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: _, ...rest } = patch;
  return rest;
}

function withoutNulls(list: readonly Json[]): readonly Json[] {
  return list.filter((item) => item !== null);
}
