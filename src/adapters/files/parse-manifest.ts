/**
 * A manifest file -> objects, or every problem in it with line and field.
 * @module
 */
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Parsed, Problem } from "../../model/problem.ts";
import type { LocatedObject } from "../objects/object-index.ts";
import { formatPath, isRecord, parseObject } from "../objects/parse-object.ts";

/** Largest manifest accepted, in bytes. */
export const LARGEST_MANIFEST = 8 * 1024 * 1024;

/** Most values that the aliases of one document may stand for: a few lines could otherwise fill the memory. */
const MOST_ALIASES = 100;

/** Parses YAML 1.2 or JSON, one or several documents, `List`s included. All problems of all documents are reported. */
export function parseManifest(file: string, text: string): Parsed<readonly LocatedObject[]> {
  if (text.length > LARGEST_MANIFEST) {
    return {
      ok: false,
      problems: [{ file, message: `is larger than ${LARGEST_MANIFEST} bytes`, remedy: "Split it into several files" }],
    };
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const objects: LocatedObject[] = [];
  const problems: Problem[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const reader = new DocumentReader(file, document, lines);
    const found = reader.read();
    if (found.ok) objects.push(...found.value);
    else problems.push(...found.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: objects };
}

class DocumentReader {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  read(): Parsed<readonly LocatedObject[]> {
    if (this.#document.errors.length > 0)
      return { ok: false, problems: this.#document.errors.map((error) => this.#syntaxProblem(error)) };
    const expanded = this.#expand();
    if (!expanded.ok) return expanded;
    const { value } = expanded;
    if (value === null || value === undefined) return { ok: true, value: [] };
    const items = isList(value)
      ? value.items.map((item, index) => ({ item, path: ["items", index] as PropertyKey[] }))
      : [{ item: value, path: [] as PropertyKey[] }];
    const results = items.map(({ item, path }) => this.#readObject(item, path));
    const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
    if (problems.length > 0) return { ok: false, problems };
    return { ok: true, value: results.flatMap((result) => (result.ok ? [result.value] : [])) };
  }

  /** The document's content, aliases replaced by what they stand for. */
  #expand(): Parsed<unknown> {
    try {
      return { ok: true, value: this.#document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown };
    } catch (error) {
      // How the parser says that there are too many.
      if (!(error instanceof ReferenceError)) throw error;
      const remedy = "Write out what the aliases stand for; the document is not read";
      return { ok: false, problems: [this.#at([], `cannot be expanded: ${lowerFirst(error.message)}`, remedy)] };
    }
  }

  #readObject(value: unknown, path: readonly PropertyKey[]): Parsed<LocatedObject> {
    const parsed = parseObject(value, { site: "static", correct: "Correct it and save the file" });
    if (parsed.ok) return { ok: true, value: { object: parsed.object, line: this.#lineOf(path) } };
    const problems = parsed.problems.map((item) => this.#at([...path, ...item.path], item.message, item.remedy));
    return { ok: false, problems };
  }

  #syntaxProblem(error: { readonly message: string; readonly pos: readonly [number, number] }): Problem {
    const { line, col } = this.#lines.linePos(error.pos[0]);
    return {
      file: this.#file,
      line,
      column: col,
      message: `not valid YAML: ${lowerFirst(error.message)}`,
      remedy: "Correct the syntax; the rest of the file is not read",
    };
  }

  #at(path: readonly PropertyKey[], message: string, remedy: string): Problem {
    const field = formatPath(path);
    return { file: this.#file, line: this.#lineOf(path), ...(field === "" ? {} : { field }), message, remedy };
  }

  /** Line of the deepest part of the path that exists. */
  #lineOf(path: readonly PropertyKey[]): number {
    let node: Node | null = isNode(this.#document.contents) ? this.#document.contents : null;
    let offset = node?.range?.[0] ?? 0;
    for (const part of path) {
      if (!isCollection(node)) break;
      const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === part) : undefined;
      const child: unknown = isMap(node) ? pair?.value : node.get(part as number, true);
      const place: unknown = pair?.key ?? child;
      if (isNode(place)) offset = place.range?.[0] ?? offset;
      if (!isNode(child)) break;
      node = child;
    }
    return this.#lines.linePos(offset).line;
  }
}

function isList(value: unknown): value is { items: unknown[] } {
  return (
    isRecord(value) &&
    typeof value["kind"] === "string" &&
    value["kind"].endsWith("List") &&
    Array.isArray(value["items"])
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
