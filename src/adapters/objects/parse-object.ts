/**
 * A value -> an object of a kind that Tandem reads, or every problem in it with its field.
 * @module
 */
import type { z } from "zod";
import { KINDS, type KindName, type KindObject } from "../../model/kinds/index.ts";
import { nearestWord } from "../../model/suggestion.ts";
import { type SiteSort, unenforced } from "../../model/unenforced.ts";
import { knownFields } from "./schema-fields.ts";

/** Something wrong at a place within a value. */
export interface FieldProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly remedy: string;
}

/** An object, or every problem that was found in its value. */
export type ParsedObject =
  | { readonly ok: true; readonly object: KindObject }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * Parses one object, defaults filled in.
 * @param where the sort of site that it is for, and what to do there about a wrong value
 */
export function parseObject(
  value: unknown,
  where: { readonly site: SiteSort; readonly correct: string },
): ParsedObject {
  const kind = kindOf(value);
  if (kind === undefined) return { ok: false, problems: [unknownKind(value)] };
  const parsed = KINDS[kind].safeParse(value);
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.flatMap((issue) => issueProblems(kind, issue, where.correct)) };
  const refused = unenforced(parsed.data, where.site);
  return refused.length > 0 ? { ok: false, problems: refused } : { ok: true, object: parsed.data };
}

/** Whether a value has fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownKind(value: unknown): FieldProblem {
  const names = Object.keys(KINDS);
  const kind = isRecord(value) && typeof value["kind"] === "string" ? value["kind"] : undefined;
  if (kind === undefined)
    return {
      path: [],
      message: "has no kind",
      remedy: `Add apiVersion and kind; known kinds are ${names.join(", ")}`,
    };
  const near = nearestWord(kind, names);
  return {
    path: ["kind"],
    message: `unknown kind ${JSON.stringify(kind)}`,
    remedy: near === undefined ? `Use one of ${names.join(", ")}` : `Did you mean ${near}?`,
  };
}

function issueProblems(kind: KindName, issue: z.core.$ZodIssue, correct: string): FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownFields(KINDS[kind], issue.path);
    return issue.keys.map((key) => {
      const near = nearestWord(key, known);
      const remedy =
        near === undefined ? `Remove it; known fields here are ${known.join(", ")}` : `Did you mean ${near}?`;
      return { path: [...issue.path, key], message: "unknown field", remedy };
    });
  }
  if (issue.code === "invalid_union")
    return [
      {
        path: issue.path,
        message: "has none of the allowed forms",
        remedy: `Write one of the forms that a ${kind} has there`,
      },
    ];
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return [{ path: issue.path, message, remedy: correct }];
}

function kindOf(value: unknown): KindName | undefined {
  const kind = isRecord(value) ? value["kind"] : undefined;
  return typeof kind === "string" && Object.hasOwn(KINDS, kind) ? (kind as KindName) : undefined;
}
