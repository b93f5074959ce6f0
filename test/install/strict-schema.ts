/**
 * `kubectl apply --validate=strict` for objects of built-in kinds and of those that definitions define: the schemas that
 * a real API server served.
 * @module
 */
import { type JsonObject, textAt } from "../kube/api/json.ts";
import { builtInSchema } from "../kube/schema/built-in-schemas.ts";
import type { Schema } from "../kube/schema/schema.ts";
import { pruneObject } from "../kube/schema/structural.ts";
import { validateBySchema } from "../kube/schema/validate.ts";

/** Everything that is wrong with an object, unknown fields first; empty when nothing is. */
export function strictProblems(object: JsonObject, schema: Schema = schemaOf(object)): readonly string[] {
  const unknown = pruneObject(schema, object).unknown.map((path) => `unknown field "${path}"`);
  const isCustom = textAt(object, "apiVersion")?.startsWith("tandem.dev/") === true;
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = object;
  const value = isCustom ? rest : object;
  return [...unknown, ...validateBySchema(schema, value, "").map(({ field, message }) => `${field}: ${message}`)];
}

function schemaOf(object: JsonObject): Schema {
  const [version = "", group = ""] = (textAt(object, "apiVersion") ?? "").split("/").reverse();
  return builtInSchema(group, version, textAt(object, "kind") ?? "");
}
