/**
 * A manifest file -> objects, or every problem in it with line and field.
 * @module
 */
import type { Parsed, Problem } from "../../model/problem.ts";
import type { LocatedObject } from "../objects/object-index.ts";
import { parseObject } from "../objects/parse-object.ts";
import { type LocatedValue, readDocuments } from "./yaml-documents.ts";

/** Largest manifest accepted, in bytes. */
export const LARGEST_MANIFEST = 8 * 1024 * 1024;

/** Parses YAML 1.2 or JSON, one or several documents, `List`s included. All problems of all documents are reported. */
export function parseManifest(file: string, text: string): Parsed<readonly LocatedObject[]> {
  if (text.length > LARGEST_MANIFEST) {
    return {
      ok: false,
      problems: [{ file, message: `is larger than ${LARGEST_MANIFEST} bytes`, remedy: "Split it into several files" }],
    };
  }
  const objects: LocatedObject[] = [];
  const problems: Problem[] = [];
  for (const document of readDocuments(file, text)) {
    if (!document.ok) {
      problems.push(...document.problems);
      continue;
    }
    for (const object of document.value.map(readObject))
      if (object.ok) objects.push(object.value);
      else problems.push(...object.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: objects };
}

function readObject({ value, line, problemAt }: LocatedValue): Parsed<LocatedObject> {
  const parsed = parseObject(value, { site: "static", correct: "Correct it and save the file" });
  if (parsed.ok) return { ok: true, value: { object: parsed.object, line } };
  return { ok: false, problems: parsed.problems.map(({ path, message, remedy }) => problemAt(path, message, remedy)) };
}
