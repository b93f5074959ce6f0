import { equal, type Json, isObject } from "../api/json.ts";
import type { Schema } from "../schema/schema.ts";
import { type FieldPath, FieldSet } from "./field-set.ts";
import { type Member, membersOf, shapeOf } from "./shape.ts";

/** Which fields differ between two versions of an object. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two versions by the rules of structured-merge-diff: pieces where the schema says so, else as a whole. */
export function compareFields(schema: Schema | undefined, before: Json, after: Json): Comparison {
  const comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  walk({ comparison, path: [] }, schema, before, after);
  return comparison;
}

interface Place {
  readonly comparison: Comparison;
  readonly path: FieldPath;
}

function walk(place: Place, schema: Schema | undefined, before: Json | undefined, after: Json | undefined): void {
  if (isLeaf(schema, before, after)) {
    leaf(place, before, after);
    return;
  }
  const olds = byElement(membersOf(schema, before));
  const news = byElement(membersOf(schema, after));
  for (const element of new Set([...olds.keys(), ...news.keys()])) {
    const old = olds.get(element);
    const fresh = news.get(element);
    const below = { comparison: place.comparison, path: [...place.path, element] };
    walk(below, (fresh ?? old)?.schema, old?.value, fresh?.value);
  }
  if (before === undefined) place.comparison.added.insert(place.path);
  else if (after === undefined) place.comparison.removed.insert(place.path);
}

function isLeaf(schema: Schema | undefined, before: Json | undefined, after: Json | undefined): boolean {
  const known = after ?? before;
  if (shapeOf(schema, known) === "leaf") return true;
  if (before !== undefined && after !== undefined && shapeOf(schema, before) !== shapeOf(schema, after)) return true;
  // Two empty containers are told from an absent one only as wholes.
  return isBare(before) && isBare(after);
}

function isBare(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function leaf({ comparison, path }: Place, before: Json | undefined, after: Json | undefined): void {
  if (before === undefined) comparison.added.insert(path);
  else if (after === undefined) comparison.removed.insert(path);
  else if (!equal(before, after)) comparison.modified.insert(path);
}

function byElement(members: readonly Member[]): Map<string, Member> {
  return new Map(members.map((member) => [member.element, member]));
}

/** The fields that an applied configuration names. */
export function fieldsOf(schema: Schema | undefined, value: Json): FieldSet {
  const set = new FieldSet();
  collect(set, [], { schema, value });
  return set;
}

function collect(set: FieldSet, path: FieldPath, { schema, value }: Pick<Member, "schema" | "value">): void {
  const shape = shapeOf(schema, value);
  if (shape === "leaf") {
    set.insert(path);
    return;
  }
  for (const member of membersOf(schema, value)) {
    const below = [...path, member.element];
    collect(set, below, member);
    const isItem = shape !== "map";
    const isBareMap = member.value === null || (isObject(member.value) && Object.keys(member.value).length === 0);
    if (isItem || isBareMap || (!member.named && schema !== undefined)) set.insert(below);
  }
}
