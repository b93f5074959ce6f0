/**
 * Who owns which field: `metadata.managedFields` for updates and for server-side apply.
 * @module
 */
import { ApiError } from "../api/api-error.ts";
import { equal, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "../api/json.ts";
import type { Schema } from "../schema/schema.ts";
import { mergeConfiguration, removeFields } from "./apply.ts";
import { compareFields, fieldsOf } from "./compare.ts";
import { type FieldPath, FieldSet, fromFieldsV1, printPath, toFieldsV1 } from "./field-set.ts";

/** Who writes, and how. */
export interface Writer {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, seconds. */
  readonly time: string;
}

/** What a writer's fields are judged by. */
export interface Ownership {
  readonly schema: Schema | undefined;
  /** Fields that this endpoint resets: nobody comes to own them through it. */
  readonly reset: readonly FieldPath[];
}

interface Owned extends Writer {
  readonly set: FieldSet;
}

/** The server's own fields: nobody owns them. */
const UNOWNED: readonly FieldPath[] = [
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation"].map((field) => [
    "f:metadata",
    `f:${field}`,
  ]),
  ["f:metadata", "f:managedFields"],
  ["f:metadata", "f:resourceVersion"],
  ["f:metadata", "f:generateName"],
  ["f:apiVersion"],
  ["f:kind"],
];

/** The managed fields after a writer turned `live` into `next`. */
export function ownAfterUpdate(ownership: Ownership, live: JsonObject, next: JsonObject, writer: Writer): Json[] {
  const before = managersBefore(live, next);
  const { taken, removed } = changes(ownership, live, next);
  const changed = strip(taken, ownership.reset);
  const after = new Map<string, Owned>();
  for (const [id, owned] of before) {
    after.set(id, { ...owned, set: owned.set.difference(owned.set.intersection(taken)).difference(removed) });
  }
  if (!changed.isEmpty) {
    const id = idOf(writer);
    after.set(id, { ...writer, set: changed.union(after.get(id)?.set) });
  }
  return encode(after);
}

/** An object after a configuration was applied. */
export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: Json[];
}

/**
 * Lays a configuration over an object.
 * @throws ApiError 409 with every field that another manager owns, unless `force`
 */
export function applyConfiguration(
  ownership: Ownership,
  live: JsonObject,
  configuration: JsonObject,
  { writer, force }: { readonly writer: Writer; readonly force: boolean },
): Applied {
  const { schema, reset } = ownership;
  const managers = decode(live);
  const id = idOf(writer);
  const last = managers.get(id)?.set ?? new FieldSet();
  const wanted = strip(fieldsOf(schema, bare(configuration)), reset);
  const merged = mergeConfiguration(schema, bare(live), bare(configuration));
  managers.set(id, { ...writer, set: wanted });
  const pruned = prune(schema, merged, { last, managers });
  const { taken: changed, removed } = changes(ownership, live, isObject(pruned) ? pruned : {});
  const after = new Map<string, Owned>();
  const conflicts: { readonly owner: Owned; readonly path: FieldPath }[] = [];
  for (const [owner, owned] of managers) {
    if (owner === id) {
      after.set(owner, owned);
      continue;
    }
    const taken = owned.set.intersection(changed);
    for (const path of taken.paths()) conflicts.push({ owner: owned, path });
    after.set(owner, { ...owned, set: owned.set.difference(taken).difference(removed) });
  }
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  return { object: isObject(pruned) ? pruned : {}, managedFields: encode(after) };
}

/** What a write changed, without the fields that its endpoint resets: nobody loses those by it. */
function changes(
  { schema, reset }: Ownership,
  live: JsonObject,
  next: JsonObject,
): { readonly taken: FieldSet; readonly removed: FieldSet } {
  const { added, modified, removed } = compareFields(schema, bare(live), bare(next));
  return { taken: added.union(modified).without(reset), removed: removed.without(reset) };
}

/** Takes out what the manager applied last time, applies no longer, and nobody else owns. */
function prune(
  schema: Schema | undefined,
  merged: Json,
  { last, managers }: { readonly last: FieldSet; readonly managers: ReadonlyMap<string, Owned> },
): Json {
  if (last.isEmpty) return merged;
  let owned = new FieldSet();
  for (const { set } of managers.values()) owned = owned.union(set);
  const gone = last.withParents().difference(owned.withParents());
  // The root itself is never taken away.
  return removeFields(schema, merged, new FieldSet(false, gone.children));
}

/** Without what nobody owns, so that comparing sees only what can be owned. */
function bare(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = objectAt(object, "metadata");
  return { ...object, metadata };
}

function strip(set: FieldSet, reset: readonly FieldPath[]): FieldSet {
  const stripped = set.without([...UNOWNED, ...reset]);
  const metadata = stripped.children.get("f:metadata");
  if (metadata !== undefined) {
    const children = new Map(stripped.children);
    if (metadata.children.size === 0) children.delete("f:metadata");
    else children.set("f:metadata", new FieldSet(false, metadata.children));
    return new FieldSet(false, children);
  }
  return new FieldSet(false, stripped.children);
}

/** A writer may send managed fields along: then these count, unless they are empty or unreadable. */
function managersBefore(live: JsonObject, next: JsonObject): Map<string, Owned> {
  const sent = objectAt(next, "metadata")["managedFields"];
  if (Array.isArray(sent) && Object.hasOwn(objectAt(next, "metadata"), "managedFields")) {
    const isReset = sent.length === 0 || (sent.length === 1 && isObject(sent[0]) && Object.keys(sent[0]).length === 0);
    if (isReset) return new Map();
    return decode(next);
  }
  return decode(live);
}

function decode(object: JsonObject): Map<string, Owned> {
  const managers = new Map<string, Owned>();
  for (const entry of listAt(object, "metadata", "managedFields")) {
    const owned: Owned = {
      manager: textAt(entry, "manager") ?? "",
      operation: textAt(entry, "operation") === "Apply" ? "Apply" : "Update",
      apiVersion: textAt(entry, "apiVersion") ?? "",
      subresource: textAt(entry, "subresource") ?? "",
      time: textAt(entry, "time") ?? "",
      set: fromFieldsV1(objectAt(entry, "fieldsV1")),
    };
    managers.set(idOf(owned), owned);
  }
  return managers;
}

function encode(managers: ReadonlyMap<string, Owned>): Json[] {
  return [...managers.values()]
    .filter(({ set }) => !set.isEmpty)
    .toSorted(byOperationAndTime)
    .map(({ manager, operation, apiVersion, subresource, time, set }) => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(set),
      ...(subresource === "" ? {} : { subresource }),
    }));
}

function byOperationAndTime(left: Owned, right: Owned): number {
  const [first, second] = [left, right].map(
    ({ operation, time, manager, apiVersion, subresource }) =>
      `${operation}\n${time}\n${manager}\n${apiVersion}\n${subresource}`,
  );
  return (first ?? "") < (second ?? "") ? -1 : 1;
}

/** An applier is the same whatever version it applies; an updater is not. */
function idOf({ manager, operation, apiVersion, subresource }: Writer): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Whether two lists of managed fields differ at most in their times. */
export function sameOwners(left: Json | undefined, right: Json | undefined): boolean {
  return equal(withoutTimes(left), withoutTimes(right));
}

function withoutTimes(fields: Json | undefined): Json {
  const entries = Array.isArray(fields) ? fields : [];
  const bareEntries = entries.map((entry) => (isObject(entry) ? { ...entry, time: "" } : entry));
  return bareEntries.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

function applyConflict(conflicts: readonly { readonly owner: Owned; readonly path: FieldPath }[]): ApiError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printOwner(owner)}`,
    field: printPath(path),
  }));
  const owners = [...new Set(conflicts.map(({ owner }) => printOwner(owner)))].toSorted();
  const listed = owners.map((owner) => {
    const paths = conflicts.filter((one) => printOwner(one.owner) === owner).map(({ path }) => `- ${printPath(path)}`);
    return [`conflicts with ${owner}:`, ...paths].join("\n");
  });
  const [only] = causes;
  const message =
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${listed.join("\n")}`;
  return new ApiError(409, "Conflict", message, { details: { causes } });
}

function printOwner({ manager, operation, apiVersion, subresource }: Owned): string {
  const name = JSON.stringify(manager);
  const through = subresource === "" ? name : `${name} with subresource ${JSON.stringify(subresource)}`;
  return operation === "Update" ? `${through} using ${apiVersion}` : through;
}
