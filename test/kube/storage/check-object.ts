import { type FieldProblem, invalid } from "../api/api-error.ts";
import { type KubeObject, nameOf } from "../api/kube-object.ts";
import type { Draft } from "../api/kube-object.ts";
import { checkMetadata, checkName } from "../api/names.ts";
import { hasRules, validateByRules } from "../schema/cel-rules.ts";
import { validateBySchema } from "../schema/validate.ts";
import { checkBuiltIn, type Endpoint } from "./decode.ts";

/** Validates an object that is about to be stored. @throws ApiError 422 with everything that is wrong */
export function checkObject({ type, version }: Endpoint, draft: Draft, previous: KubeObject | undefined): void {
  const problems: FieldProblem[] = previous === undefined ? checkName(type.names, nameOf(draft), "metadata.name") : [];
  problems.push(...checkMetadata(draft));
  if (type.custom) problems.push(...checkCustom({ type, version }, draft, previous));
  else {
    const ofKind = type.rules.check?.(draft, previous) ?? [];
    const known = new Set(ofKind.map(({ field }) => field));
    const ofSchema = checkBuiltIn(version.schema, withoutStatus(draft)).filter(({ field }) => !known.has(field));
    problems.push(...ofKind, ...ofSchema);
  }
  if (problems.length > 0) throw invalid(type, nameOf(draft), problems);
}

/** A status is written by those who know; a new object has an empty one. */
function withoutStatus(draft: Draft): Draft {
  const { status: _, ...rest } = draft;
  return rest;
}

function checkCustom({ version }: Endpoint, draft: Draft, previous: KubeObject | undefined): FieldProblem[] {
  const schema = version.schema;
  if (schema === undefined) return [];
  const problems = validateBySchema(schema, draft, "");
  if (problems.length === 0) return validateByRules(schema, draft, previous, "");
  if (!hasRules(schema)) return problems;
  return [
    ...problems,
    {
      reason: "FieldValueInvalid",
      message:
        "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
      field: "<nil>",
    },
  ];
}
