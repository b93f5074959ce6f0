/**
 * Zod definitions as structural schemas, the part of OpenAPI v3 that a CustomResourceDefinition may use:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 * @module
 */
import { z } from "zod";

/** A structural schema. */
export interface StructuralSchema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly nullable?: boolean;
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly CelRule[];
}

/** A rule in the Common Expression Language. */
export interface CelRule {
  /** Over `self`, the value the rule stands at. */
  readonly rule: string;
  readonly message: string;
}

/** JSON Schema as Zod writes it, as far as it is converted. */
interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly propertyNames?: JsonSchema;
}

/** Keywords that mean the same in both. */
const SAME = [
  "type",
  "required",
  "enum",
  "default",
  "format",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
] as const;

/**
 * What a person may write for a definition, defaults included.
 * @throws when it uses something that a structural schema cannot say: a defect of the definition
 */
export function structuralSchema(definition: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(definition, { io: "input", reused: "inline", target: "openapi-3.0" });
  return convert(json as JsonSchema, "");
}

function convert(json: JsonSchema, path: string): StructuralSchema {
  if (json.anyOf !== undefined) return convertUnion(json.anyOf, path);
  const found: Record<string, unknown> = {};
  for (const keyword of SAME) if (json[keyword] !== undefined) found[keyword] = json[keyword];
  if (json["const"] !== undefined) found["enum"] = [json["const"]];
  // Bounds of what a JavaScript number holds are no rule that anybody made.
  for (const bound of ["minimum", "maximum"])
    if (Math.abs(Number(json[bound])) === Number.MAX_SAFE_INTEGER) delete found[bound];
  // API servers check this format, and the pattern says the same at twenty times the length; other formats are Zod's own.
  if (json["format"] === "date-time") delete found["pattern"];
  else delete found["format"];
  if (json.items !== undefined) found["items"] = convert(json.items, `${path}[]`);
  if (json.properties !== undefined) {
    found["properties"] = Object.fromEntries(
      Object.entries(json.properties).map(([name, property]) => [name, convert(property, `${path}.${name}`)]),
    );
  } else if (typeof json.additionalProperties === "object" && json.additionalProperties !== null)
    Object.assign(found, convertMap(json, path));
  refuseUnknown(json, path);
  return found;
}

/** Only the form that Kubernetes has a word for. */
function convertUnion(forms: readonly JsonSchema[], path: string): StructuralSchema {
  const types = new Set(forms.map(({ type }) => type));
  if (types.size !== 2 || !types.has("integer") || !types.has("string"))
    throw new Error(`${path}: a structural schema has no union of ${[...types].join(" and ")}`);
  return { "x-kubernetes-int-or-string": true };
}

/** Structural schemas do not describe the keys of a map: a rule does. */
function convertMap({ additionalProperties, propertyNames }: JsonSchema, path: string): StructuralSchema {
  const values = { additionalProperties: convert(additionalProperties as JsonSchema, `${path}.*`) };
  if (typeof propertyNames?.maxLength !== "number") return values;
  const rule = `self.all(key, size(key) <= ${propertyNames.maxLength})`;
  const message = `has a key longer than ${propertyNames.maxLength}`;
  return { ...values, "x-kubernetes-validations": [{ rule, message }] };
}

const CONVERTED = new Set<string>([
  ...SAME,
  "$schema",
  "const",
  "items",
  "properties",
  "additionalProperties",
  "propertyNames",
]);

function refuseUnknown(json: JsonSchema, path: string): void {
  const unknown = Object.keys(json).filter((keyword) => !CONVERTED.has(keyword));
  if (unknown.length > 0) throw new Error(`${path}: ${unknown.join(", ")} is not converted to a structural schema`);
}
