/**
 * The fields of a kind as docs/kinds.md lists them, from its Zod definition.
 * @module
 */
import { z } from "zod";
import { Duration } from "../../src/model/duration.ts";
import { DnsLabel, DnsSubdomain } from "../../src/model/kinds/metadata.ts";

/** One row of a table of fields, but for its meaning. */
export interface FieldRow {
  readonly field: string;
  readonly type: string;
  readonly default: string;
}

type Schema = z.core.JSONSchema.BaseSchema;

const NAMED = new Map<unknown, string>([
  [Duration, "duration"],
  [DnsLabel, "DNS label"],
  [DnsSubdomain, "DNS name"],
]);

/** All fields of a kind, in the order of the definition. */
export function fieldRows(kind: z.ZodType): readonly FieldRow[] {
  const schema = z.toJSONSchema(kind, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
    override: ({ zodSchema, jsonSchema }) => {
      const name = NAMED.get(zodSchema);
      if (name !== undefined) jsonSchema.title = name;
    },
  });
  return rowsOf(schema, "");
}

function rowsOf(schema: Schema, prefix: string): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    if (typeof value === "boolean") return [];
    const field = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) ?? false;
    const { items } = value;
    const item = typeof items === "object" && !Array.isArray(items) ? items : {};
    return [
      { field, type: typeOf(value), default: defaultOf(value, isRequired) },
      ...rowsOf(value, `${field}.`),
      ...rowsOf(item, `${field}[].`),
    ];
  });
}

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
  return isRequired ? "required" : "-";
}

function typeOf(schema: Schema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (schema.format === "date-time") return "RFC 3339 time";
  const forms = schema.anyOf?.filter((form) => form.type !== "null");
  if (forms !== undefined) return forms.map(typeOf).join(" or ");
  if (schema.type === "integer") return `integer, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === "array") return `list, ${schema.minItems} to ${schema.maxItems}`;
  if (schema.type === "object" && schema.properties === undefined) return "map of strings";
  return typeof schema.type === "string" ? schema.type : "anything";
}
