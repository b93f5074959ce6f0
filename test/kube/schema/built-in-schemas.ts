/**
 * Schemas of built-in kinds, from the OpenAPI documents that a real API server served.
 * @module
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Json, JsonObject } from "../api/json.ts";
import { fieldSchema, type Schema } from "./schema.ts";

const FOLDER = new URL("../../fixtures/kube-openapi/", import.meta.url);
const REFERENCE = "#/components/schemas/";

/** A schema as the documents hold it: with references. */
interface RawSchema extends Schema {
  readonly $ref?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

/** Schemas of one group and version, references followed. */
class SchemaDocument {
  readonly #raw: Readonly<Record<string, RawSchema>>;
  readonly #resolved = new Map<string, Schema>();

  constructor(file: string) {
    const text = gunzipSync(readFileSync(new URL(file, FOLDER))).toString("utf8");
    this.#raw = (JSON.parse(text) as { components: { schemas: Record<string, RawSchema> } }).components.schemas;
  }

  /** The schema of a kind in this document. */
  ofKind(kind: string): Schema | undefined {
    for (const [name, raw] of Object.entries(this.#raw)) {
      const kinds = raw["x-kubernetes-group-version-kind"] ?? [];
      // Documents also list types that every group has, such as DeleteOptions.
      if (kinds.length === 1 && kinds[0]?.kind === kind) return this.named(name);
    }
    return undefined;
  }

  /** The schema with a full name such as `io.k8s.api.core.v1.Service`. */
  named(name: string): Schema {
    const known = this.#resolved.get(name);
    if (known !== undefined) return known;
    // Known before its fields are filled in: schemas of JSON schemas contain themselves.
    const schema: Schema = {};
    this.#resolved.set(name, schema);
    const raw = this.#raw[name];
    if (raw !== undefined) Object.assign(schema, this.#resolve(raw));
    return schema;
  }

  #resolve(raw: RawSchema): Schema {
    if (raw.$ref !== undefined) return this.named(raw.$ref.slice(REFERENCE.length));
    const [wrapped] = raw.allOf ?? [];
    if (wrapped !== undefined) {
      const { allOf: _, ...own } = raw;
      // A reference with a default of its own: what it refers to may not be filled in yet, so it is inherited.
      return Object.assign(Object.create(this.#resolve(wrapped)) as Schema, own);
    }
    const { properties, items, additionalProperties, ...own } = raw;
    return {
      ...own,
      ...(properties === undefined ? {} : { properties: this.#resolveAll(properties) }),
      ...(items === undefined ? {} : { items: this.#resolve(items) }),
      ...(additionalProperties === undefined
        ? {}
        : {
            additionalProperties:
              typeof additionalProperties === "object" ? this.#resolve(additionalProperties) : additionalProperties,
          }),
    };
  }

  #resolveAll(properties: Readonly<Record<string, RawSchema>>): Record<string, Schema> {
    return Object.fromEntries(Object.entries(properties).map(([name, raw]) => [name, this.#resolve(raw)]));
  }
}

const documents = new Map<string, SchemaDocument>();

function documentOf(group: string, version: string): SchemaDocument {
  const file = `${group === "" ? "" : `${group}_`}${version}.json.gz`;
  const known = documents.get(file);
  if (known !== undefined) return known;
  const document = new SchemaDocument(file);
  documents.set(file, document);
  return document;
}

/** The schema of a built-in kind. @throws when the fixtures do not hold it */
export function builtInSchema(group: string, version: string, kind: string): Schema {
  const schema = documentOf(group, version).ofKind(kind);
  if (schema === undefined) throw new Error(`no OpenAPI schema for ${group}/${version} ${kind}`);
  return schema;
}

/** The schema of `metadata`, the same for every kind. */
export function metadataSchema(): Schema {
  return documentOf("", "v1").named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
}

/**
 * What a value of a schema looks like when nobody said anything: the fields that the server's own types always write,
 * such as `status.loadBalancer: {}` of a Service.
 */
export function fillDefaults(schema: Schema | undefined, value: Json): Json {
  if (schema === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => fillDefaults(schema.items, entry));
  if (typeof value !== "object") return value;
  const filled: JsonObject = {};
  for (const [field, entry] of Object.entries(value)) filled[field] = fillDefaults(fieldSchema(schema, field), entry);
  for (const [field, property] of defaultsOf(schema)) {
    const given = filled[field];
    if (given === undefined || given === null) filled[field] = fillDefaults(property, property.default ?? null);
  }
  return filled;
}

const defaults = new WeakMap<Schema, readonly (readonly [string, Schema])[]>();

/** The fields of a schema that have a default: few of many, and asked for at every write. */
function defaultsOf(schema: Schema): readonly (readonly [string, Schema])[] {
  const known = defaults.get(schema);
  if (known !== undefined) return known;
  const found = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined);
  defaults.set(schema, found);
  return found;
}
