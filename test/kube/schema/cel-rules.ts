/**
 * `x-kubernetes-validations`: rules in CEL.
 * @module
 */
import { Environment } from "@marcbachmann/cel-js";
import { type FieldProblem, invalidValue } from "../api/api-error.ts";
import { isObject, type Json } from "../api/json.ts";
import { fieldSchema, type Schema, type ValidationRule } from "./schema.ts";
import { elementOf } from "../fields/shape.ts";

type Program = (variables: Record<string, unknown>) => unknown;

const environment = new Environment({ unlistedVariablesAreDyn: true })
  .registerFunction("isURL(string): bool", (text: string) => URL.canParse(text))
  .registerFunction(
    "string.find(string): string",
    (text: string, pattern: string) => new RegExp(pattern, "u").exec(text)?.[0] ?? "",
  )
  .registerFunction("list.isSorted(): bool", (list: readonly (string | number)[]) =>
    list.every((entry, index) => index === 0 || (list[index - 1] ?? entry) <= entry),
  )
  .registerFunction("list.sum(): dyn", (list: readonly (bigint | number)[]) =>
    list.reduce<bigint | number>(
      (sum, entry) => (typeof entry === "bigint" ? BigInt(sum) + entry : Number(sum) + entry),
      0n,
    ),
  );

const programs = new Map<string, Program>();

function compile(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const program = environment.parse(expression) as Program;
  programs.set(expression, program);
  return program;
}

/** Why an expression cannot be used; undefined when it can. */
export function celProblem(expression: string): string | undefined {
  try {
    compile(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}

/** The value of an expression over values without a schema, whose fields have their own names; undefined when it has none. */
export function evaluateCel(expression: string, variables: Readonly<Record<string, Json>>): unknown {
  const given = Object.entries(variables).map(([name, value]) => [name, integers(value)] as const);
  try {
    return compile(expression)(Object.fromEntries(given));
  } catch {
    return undefined;
  }
}

/** Whether a schema has rules, at any depth. */
export function hasRules(schema: Schema | undefined): boolean {
  if (schema === undefined) return false;
  if ((schema["x-kubernetes-validations"] ?? []).length > 0) return true;
  const rest = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return [schema.items, rest, ...Object.values(schema.properties ?? {})].some(hasRules);
}

/** What the rules say about a value; `before` is what it was, for transition rules. */
export function validateByRules(schema: Schema, value: Json, before: Json | undefined, path: string): FieldProblem[] {
  const problems = (schema["x-kubernetes-validations"] ?? []).flatMap((rule) =>
    evaluate(rule, { schema, value, before, path }),
  );
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return problems;
    return [
      ...problems,
      ...value.flatMap((entry, index) =>
        validateByRules(items, entry, itemBefore(schema, entry, before), `${path}[${index}]`),
      ),
    ];
  }
  if (!isObject(value)) return problems;
  for (const [field, entry] of Object.entries(value)) {
    const known = fieldSchema(schema, field);
    if (known === undefined || entry === null) continue;
    const old = isObject(before) ? before[field] : undefined;
    problems.push(...validateByRules(known, entry, old, path === "" ? field : `${path}.${field}`));
  }
  return problems;
}

/** Only items of a list with keys are followed from one version to the next. */
function itemBefore(schema: Schema, entry: Json, before: Json | undefined): Json | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(before)) return undefined;
  const id = elementOf(schema, entry);
  return before.find((old) => elementOf(schema, old) === id);
}

interface Subject {
  readonly schema: Schema;
  readonly value: Json;
  readonly before: Json | undefined;
  readonly path: string;
}

function evaluate(rule: ValidationRule, { schema, value, before, path }: Subject): FieldProblem[] {
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && before === undefined && rule.optionalOldSelf !== true) return [];
  const variables: Record<string, unknown> = { self: toCel(schema, value) };
  if (before !== undefined) variables["oldSelf"] = toCel(schema, before);
  const field = path === "" ? "<nil>" : path;
  const place = rule.fieldPath === undefined ? field : `${path}${rule.fieldPath}`;
  try {
    if (compile(rule.rule)(variables) === true) return [];
  } catch (error) {
    const words = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [invalidValue(place, kindOf(value), `${words} evaluating rule: ${rule.rule}`)];
  }
  return [problem(rule, place, message(rule, variables))];
}

function problem(rule: ValidationRule, field: string, text: string): FieldProblem {
  const words = {
    FieldValueForbidden: "Forbidden",
    FieldValueRequired: "Required value",
    FieldValueDuplicate: "Duplicate value",
  };
  const reason = rule.reason ?? "FieldValueInvalid";
  const prefix = Object.hasOwn(words, reason) ? words[reason as keyof typeof words] : "Invalid value";
  return { reason, message: `${prefix}: ${text}`, field };
}

function message(rule: ValidationRule, variables: Record<string, unknown>): string {
  const fixed = rule.message ?? `failed rule: ${rule.rule}`;
  if (rule.messageExpression === undefined) return fixed;
  try {
    const text = compile(rule.messageExpression)(variables);
    return typeof text === "string" && text.trim() !== "" && !text.includes("\n") ? text : fixed;
  } catch {
    return fixed;
  }
}

function kindOf(value: Json): string {
  return Array.isArray(value) ? "array" : typeof value;
}

/** A value with the types that its schema gives it: CEL tells integers from floating point numbers. */
function toCel(schema: Schema | undefined, value: Json): unknown {
  if (typeof value === "number") return isInteger(schema, value) ? BigInt(value) : value;
  if (typeof value === "string") return schema?.format === "date-time" ? new Date(value) : value;
  if (Array.isArray(value)) return value.map((entry) => toCel(schema?.items, entry));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, entry]) => [celName(field), toCel(fieldSchema(schema, field), entry)]),
  );
}

function integers(value: Json): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(integers);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([field, entry]) => [field, integers(entry)]));
}

function isInteger(schema: Schema | undefined, value: number): boolean {
  return Number.isInteger(value) && schema?.type !== "number";
}

/** Fields whose names CEL cannot write are reached under an escaped one. */
function celName(field: string): string {
  if (RESERVED.has(field)) return `__${field}__`;
  return field
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}

const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return".split(" "),
);
