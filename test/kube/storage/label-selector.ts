import { badRequest } from "../api/api-error.ts";
import { type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from "../api/json.ts";

type Labels = Readonly<Record<string, Json>>;
type Requirement = (labels: Labels) => boolean;

/** Whether labels fit a LabelSelector object; an empty one fits everything. */
export function matchesLabelSelector(selector: JsonObject, labels: Labels): boolean {
  if (!matchesLabels(objectAt(selector, "matchLabels"), labels)) return false;
  return listAt(selector, "matchExpressions").every((expression) => {
    const key = textAt(expression, "key") ?? "";
    const values = textsAt(expression, "values");
    const value = valueOf(labels, key);
    switch (textAt(expression, "operator")) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      case undefined:
      default:
        return false;
    }
  });
}

/** Whether every wanted label is there. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value);
}

/** Reads the query parameter `labelSelector`. @throws ApiError 400 when it cannot be parsed */
export function parseLabelSelector(text: string): Requirement {
  const requirements = split(text).map(parseRequirement);
  return (labels) => requirements.every((requirement) => requirement(labels));
}

function valueOf(labels: Labels, key: string): string | undefined {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Splits at commas outside of brackets. */
function split(text: string): readonly string[] {
  const parts = text.match(/(?:\([^)]*\)|[^,(])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function parseRequirement(text: string): Requirement {
  const set = /^([^\s!=]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", operator = "", list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => {
      const value = valueOf(labels, key);
      return operator === "in"
        ? value !== undefined && values.includes(value)
        : value === undefined || !values.includes(value);
    };
  }
  const comparison = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)$/.exec(text);
  if (comparison !== null) {
    const [, key = "", operator = "", wanted = ""] = comparison;
    return (labels) => (valueOf(labels, key) === wanted) === (operator !== "!=");
  }
  const existence = /^(!?)\s*([^\s!=()]+)$/.exec(text);
  if (existence !== null) {
    const [, not = "", key = ""] = existence;
    return (labels) => (valueOf(labels, key) === undefined) === (not === "!");
  }
  throw badRequest(`unable to parse requirement: found '${text}', expected: identifier, in, notin, =, ==, or !=`);
}
