import { type FieldProblem, invalidValue, requiredValue, tooLong } from "./api-error.ts";
import { type Json, type JsonObject, objectAt } from "./json.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/** Which names a kind allows. */
export type NameRule = "subdomain" | "label" | "label-1035" | "path-segment";

interface Pattern {
  readonly text: string;
  readonly limit: number;
  readonly explanation: string;
}

const PATTERNS: Readonly<Record<Exclude<NameRule, "path-segment">, Pattern>> = {
  subdomain: {
    text: SUBDOMAIN,
    limit: 253,
    explanation: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
  },
  label: {
    text: LABEL,
    limit: 63,
    explanation: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
  },
  "label-1035": {
    text: LABEL_1035,
    limit: 63,
    explanation: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${LABEL_1035}')`,
  },
};

/** What is wrong with a name, in the words of the real API server. */
export function checkName(rule: NameRule, name: string, field: string): FieldProblem[] {
  if (name === "") return [requiredValue(field, "name or generateName is required")];
  if (rule === "path-segment") {
    return name === "." || name === ".." || /[/%]/.test(name)
      ? [invalidValue(field, name, "may not contain '/' or '%'")]
      : [];
  }
  const pattern = PATTERNS[rule];
  const problems: FieldProblem[] = [];
  if (name.length > pattern.limit) {
    problems.push(invalidValue(field, name, `must be no more than ${pattern.limit} bytes`));
  }
  if (!new RegExp(`^${pattern.text}$`).test(name)) problems.push(invalidValue(field, name, pattern.explanation));
  return problems;
}

const QUALIFIED_WORDS = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
const LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const LABEL_VALUE_WORDS = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`;

const ANNOTATIONS_LIMIT = 256 * 1024;

/** What is wrong with labels, annotations and finalizers. */
export function checkMetadata(object: JsonObject): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [key, value] of Object.entries(objectAt(object, "metadata", "labels"))) {
    problems.push(...checkLabel(key, value, "metadata.labels"));
  }
  const annotations = Object.entries(objectAt(object, "metadata", "annotations"));
  for (const [key] of annotations) problems.push(...checkQualified(key.toLowerCase(), "metadata.annotations"));
  const size = annotations.reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0);
  if (size > ANNOTATIONS_LIMIT) problems.push(tooLong("metadata.annotations", ANNOTATIONS_LIMIT));
  return problems;
}

/** What is wrong with one label or one entry of a selector. */
export function checkLabel(key: string, value: Json, field: string): FieldProblem[] {
  const problems = checkQualified(key, field);
  if (typeof value === "string" && !new RegExp(`^${LABEL_VALUE}$`).test(value)) {
    problems.push(invalidValue(field, value, LABEL_VALUE_WORDS));
  }
  if (typeof value === "string" && value.length > 63) {
    problems.push(invalidValue(field, value, "must be no more than 63 bytes"));
  }
  return problems;
}

function checkQualified(key: string, field: string): FieldProblem[] {
  const [name = "", prefix] = key.split("/").toReversed();
  if (prefix !== undefined && !new RegExp(`^${SUBDOMAIN}$`).test(prefix)) {
    return [invalidValue(field, key, `prefix part ${PATTERNS.subdomain.explanation}`)];
  }
  if (!new RegExp(`^${QUALIFIED}$`).test(name)) return [invalidValue(field, key, QUALIFIED_WORDS)];
  return name.length > 63 ? [invalidValue(field, key, "name part must be no more than 63 bytes")] : [];
}
