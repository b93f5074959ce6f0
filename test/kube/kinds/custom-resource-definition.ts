/**
 * CustomResourceDefinition: defaults, validation of the schemas in it, and the resource that it defines.
 * @module
 */
import { type FieldProblem, forbiddenValue, invalidValue, requiredValue } from "../api/api-error.ts";
import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from "../api/json.ts";
import type { Draft, KubeObject } from "../api/kube-object.ts";
import { celProblem } from "../schema/cel-rules.ts";
import { metadataSchema } from "../schema/built-in-schemas.ts";
import type { Schema } from "../schema/schema.ts";
import type { KindRules, ResourceType } from "./resource-type.ts";

/** Rules of CustomResourceDefinitions. */
export const definitionRules: KindRules = { fill, decide, check };

const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"] as const;

function fill(draft: Draft): void {
  const spec: JsonObject = { ...objectAt(draft, "spec") };
  const names: JsonObject = { ...objectAt(spec, "names") };
  const kind = typeof names["kind"] === "string" ? names["kind"] : "";
  names["singular"] ??= kind.toLowerCase();
  names["listKind"] ??= `${kind}List`;
  spec["names"] = names;
  spec["conversion"] ??= { strategy: "None" };
  draft["spec"] = spec;
}

function decide(draft: Draft, previous: KubeObject | undefined): void {
  const storage = storageVersion(draft);
  if (previous === undefined) {
    draft["status"] = { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: [storage] };
    return;
  }
  const status = objectAt(draft, "status");
  const stored = textsAt(status, "storedVersions");
  if (!stored.includes(storage)) draft["status"] = { ...status, storedVersions: [...stored, storage] };
}

function storageVersion(definition: JsonObject): string {
  const version = listAt(definition, "spec", "versions").find((one) => at(one, "storage") === true);
  return textAt(version, "name") ?? "";
}

function check(draft: Draft, previous: KubeObject | undefined): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const group = textAt(draft, "spec", "group") ?? "";
  const plural = textAt(draft, "spec", "names", "plural") ?? "";
  const name = textAt(draft, "metadata", "name") ?? "";
  if (name !== `${plural}.${group}`) {
    problems.push(invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  for (const field of ["plural", "kind"]) {
    if ((textAt(draft, "spec", "names", field) ?? "") === "") problems.push(requiredValue(`spec.names.${field}`));
  }
  const versions = listAt(draft, "spec", "versions");
  if (versions.filter((version) => at(version, "storage") === true).length !== 1) {
    problems.push(
      invalidValue("spec.versions", versions.length, "must have exactly one version marked as storage version"),
    );
  }
  versions.forEach((version, index) => problems.push(...checkVersion(version, `spec.versions[${index}]`)));
  if (previous === undefined) return problems;
  for (const path of [["group"], ["scope"], ["names", "plural"], ["names", "kind"]]) {
    const [before, after] = [textAt(previous, "spec", ...path), textAt(draft, "spec", ...path)];
    if (before !== after) problems.push(invalidValue(`spec.${path.join(".")}`, after, "field is immutable"));
  }
  return problems;
}

function checkVersion(version: Json, path: string): FieldProblem[] {
  const schema = at(version, "schema", "openAPIV3Schema");
  const field = `${path}.schema.openAPIV3Schema`;
  if (!isObject(schema)) return [requiredValue(field, "schemas are required")];
  if (schema["type"] !== "object") {
    return [invalidValue(`${field}.type`, schema["type"] ?? "", "must be object at the root")];
  }
  return checkSchema(schema, field);
}

const FORBIDDEN_KEYWORDS = ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"];

/** What keeps a schema from being structural. */
function checkSchema(schema: JsonObject, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const keyword of FORBIDDEN_KEYWORDS) {
    if (schema[keyword] !== undefined)
      problems.push(forbiddenValue(`${path}.${keyword}`, `${keyword} is not supported`));
  }
  const mayBeTypeless =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema["type"] === undefined && !mayBeTypeless) {
    problems.push(requiredValue(`${path}.type`, "must not be empty for specified object fields"));
  }
  if (schema["uniqueItems"] === true) {
    const words = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    problems.push(forbiddenValue(`${path}.uniqueItems`, words));
  }
  if (schema["properties"] !== undefined && schema["additionalProperties"] !== undefined) {
    problems.push(
      forbiddenValue(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"),
    );
  }
  if (schema["type"] === "array" && !isObject(schema["items"])) {
    problems.push(requiredValue(`${path}.items`, "must be specified"));
  }
  if (schema["x-kubernetes-list-type"] === "map" && textsAt(schema, "x-kubernetes-list-map-keys").length === 0) {
    const words = "must be non-empty if x-kubernetes-list-type is map";
    problems.push(requiredValue(`${path}.x-kubernetes-list-map-keys`, words));
  }
  problems.push(...checkRules(schema, path));
  for (const [name, property] of Object.entries(objectAt(schema, "properties"))) {
    const isMetadata = path.endsWith("openAPIV3Schema") && name === "metadata";
    if (isObject(property) && !isMetadata) problems.push(...checkSchema(property, `${path}.properties[${name}]`));
  }
  for (const keyword of ["items", "additionalProperties"]) {
    const below = schema[keyword];
    if (isObject(below)) problems.push(...checkSchema(below, `${path}.${keyword}`));
  }
  return problems;
}

function checkRules(schema: JsonObject, path: string): FieldProblem[] {
  return listAt(schema, "x-kubernetes-validations").flatMap((rule, index) => {
    const field = `${path}.x-kubernetes-validations[${index}]`;
    return ["rule", "messageExpression"].flatMap((name) => {
      const expression = textAt(rule, name);
      if (expression === undefined) return name === "rule" ? [requiredValue(`${field}.rule`)] : [];
      const problem = celProblem(expression);
      return problem === undefined
        ? []
        : [invalidValue(`${field}.${name}`, expression, `compilation failed: ERROR: ${problem}`)];
    });
  });
}

/** The resource that a definition describes. */
export function definedType(definition: KubeObject): ResourceType {
  const names = objectAt(definition, "spec", "names");
  const served = listAt(definition, "spec", "versions").filter((version) => at(version, "served") === true);
  const selectable = served.flatMap((version) => listAt(version, "selectableFields"));
  return {
    group: textAt(definition, "spec", "group") ?? "",
    plural: textAt(names, "plural") ?? "",
    singular: textAt(names, "singular") ?? "",
    kind: textAt(names, "kind") ?? "",
    listKind: textAt(names, "listKind") ?? "",
    namespaced: textAt(definition, "spec", "scope") === "Namespaced",
    versions: served.map((version) => ({
      name: textAt(version, "name") ?? "",
      schema: withMetadata(at(version, "schema", "openAPIV3Schema")),
      status: at(version, "subresources", "status") !== undefined,
    })),
    storageVersion: storageVersion(definition),
    shortNames: textsAt(names, "shortNames"),
    categories: textsAt(names, "categories"),
    verbs: CUSTOM_VERBS,
    custom: true,
    names: "subdomain",
    hasGeneration: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    answersDeleted: false,
    keepsStatus: false,
    selectable: selectable.map((field) => (textAt(field, "jsonPath") ?? "").replace(/^\./, "")),
    rules: {},
  };
}

/** A definition's schema with what it leaves out because every object has it. */
function withMetadata(schema: Json | undefined): Schema | undefined {
  if (!isObject(schema)) return undefined;
  const own = schema as unknown as Schema;
  return {
    ...own,
    properties: {
      ...own.properties,
      metadata: metadataSchema(),
      apiVersion: { type: "string" },
      kind: { type: "string" },
    },
  };
}
