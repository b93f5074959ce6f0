/**
 * Bodies of requests: JSON or YAML, and which fields a text has twice.
 * @module
 */
import { LineCounter, parseDocument } from "yaml";
import { ApiError, badRequest } from "../api/api-error.ts";
import type { Json } from "../api/json.ts";

/** A body and the paths of fields that are in it twice. */
export interface Body {
  readonly value: Json;
  readonly duplicates: readonly string[];
}

/** Reads a body. @throws ApiError 400 when it is neither, 415 for another content type */
export function parseBody(text: string, contentType: string): Body {
  const type = contentType.split(";")[0]?.trim() ?? "";
  // Appliers mostly send JSON, which is YAML too, and is read a hundred times faster.
  const isYaml = type.endsWith("yaml") && !text.trimStart().startsWith("{");
  if (isYaml) return { value: parseYaml(text), duplicates: [] };
  if (type !== "" && !type.endsWith("json") && !type.endsWith("yaml")) {
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
    );
  }
  try {
    return { value: JSON.parse(text) as Json, duplicates: findDuplicates(text) };
  } catch (error) {
    throw badRequest(`error decoding: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseYaml(text: string): Json {
  const document = parseDocument(text, { lineCounter: new LineCounter(), uniqueKeys: false });
  const [problem] = document.errors;
  if (problem !== undefined) throw badRequest(`error decoding YAML: ${problem.message}`);
  return document.toJS() as Json;
}

/** Fields that occur twice in one object of a valid JSON text. */
function findDuplicates(text: string): string[] {
  const duplicates: string[] = [];
  const open: { readonly fields: Set<string> | undefined; field: string; index: number }[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\],]/g);
  for (const [token, colon] of tokens) {
    const here = open.at(-1);
    if (token === "{") open.push({ fields: new Set(), field: "", index: 0 });
    else if (token === "[") open.push({ fields: undefined, field: "", index: 0 });
    else if (token === "}" || token === "]") open.pop();
    else if (token === "," && here !== undefined) here.index += 1;
    if (colon === undefined || here?.fields === undefined) continue;
    here.field = JSON.parse(token.slice(0, -colon.length)) as string;
    if (here.fields.has(here.field)) duplicates.push(pathOf(open));
    here.fields.add(here.field);
  }
  return duplicates;
}

function pathOf(open: readonly { readonly fields: Set<string> | undefined; field: string; index: number }[]): string {
  const path = open.map(({ fields, field, index }) => (fields === undefined ? `[${index}]` : `.${field}`)).join("");
  return path.slice(1);
}
