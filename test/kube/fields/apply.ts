/**
 * Merging an applied configuration into an object, and taking out what its manager no longer applies.
 * @module
 */
import { isObject, type Json, type JsonObject } from "../api/json.ts";
import type { Schema } from "../schema/schema.ts";
import type { FieldSet } from "./field-set.ts";
import { type Member, membersOf, shapeOf } from "./shape.ts";

/** The object with the configuration laid over it. */
export function mergeConfiguration(schema: Schema | undefined, live: Json | undefined, applied: Json): Json {
  const shape = shapeOf(schema, applied);
  if (live === undefined || shape === "leaf" || shapeOf(schema, live) !== shape) return applied;
  const lives = membersOf(schema, live);
  const news = membersOf(schema, applied);
  if (shape === "map") return mergeFields(lives, news);
  return mergeItems(lives, news);
}

function mergeFields(lives: readonly Member[], news: readonly Member[]): JsonObject {
  const merged: JsonObject = {};
  for (const { element, value } of lives) merged[element.slice(2)] = value;
  for (const { element, value, schema } of news) {
    merged[element.slice(2)] = mergeConfiguration(schema, merged[element.slice(2)], value);
  }
  return merged;
}

/** Items in the order of the configuration, those that only the object has where they were. */
function mergeItems(lives: readonly Member[], news: readonly Member[]): Json[] {
  const applied = new Set(news.map(({ element }) => element));
  const known = new Map(lives.map((member) => [member.element, member.value]));
  const merged: Json[] = [];
  let next = 0;
  const takeOthers = (): void => {
    for (let live = lives[next]; live !== undefined && !applied.has(live.element); live = lives[++next]) {
      merged.push(live.value);
    }
  };
  for (const { element, value, schema } of news) {
    takeOthers();
    merged.push(mergeConfiguration(schema, known.get(element), value));
    if (known.has(element)) next += 1;
    known.delete(element);
  }
  for (; next < lives.length; next += 1) {
    const live = lives[next];
    if (live !== undefined && !applied.has(live.element)) merged.push(live.value);
  }
  return merged;
}

/** The value without the fields of a set; what lies below a field goes with it. */
export function removeFields(schema: Schema | undefined, value: Json, fields: FieldSet): Json {
  if (fields.isEmpty || shapeOf(schema, value) === "leaf") return value;
  const kept: Member[] = [];
  for (const member of membersOf(schema, value)) {
    const below = fields.children.get(member.element);
    if (below?.member === true) continue;
    kept.push(below === undefined ? member : { ...member, value: removeFields(member.schema, member.value, below) });
  }
  if (!isObject(value)) return kept.map((member) => member.value);
  return Object.fromEntries(kept.map((member) => [member.element.slice(2), member.value]));
}
