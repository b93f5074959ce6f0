/**
 * A file of YAML 1.2 or JSON -> its documents, of which every place has a line.
 * @module
 */
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Parsed, Problem } from "../../model/problem.ts";
import { formatPath } from "../../model/field-path.ts";
import { isRecord } from "../objects/parse-object.ts";

/** Most values that the aliases of one document may stand for: a few lines could otherwise fill the memory. */
const MOST_ALIASES = 100;

/** A file, and a line where lines are known. */
export interface SourcePlace {
  readonly file: string;
  readonly line?: number;
}

/** One value of a document: the whole of it, or one item of a List. */
export interface LocatedValue {
  readonly value: unknown;
  /** Line of the value. */
  readonly line: number;
  /** A problem at a path within the value, with its line and the path in the document. */
  readonly problemAt: (path: readonly PropertyKey[], message: string, remedy: string) => Problem;
  /** Where the deepest part of a path stands that is there. */
  readonly placeOf: (path: readonly PropertyKey[]) => SourcePlace;
}

/**
 * The values of each document; Lists are taken apart, empty documents left out. A document that cannot be read has all that
 * is wrong with it instead.
 */
export function readDocuments(file: string, text: string): readonly Parsed<readonly LocatedValue[]>[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  // Of nothing at all it gives no documents, but an object that says so.
  return Array.isArray(documents) ? documents.map((document) => new DocumentReader(file, document, lines).read()) : [];
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

  read(): Parsed<readonly LocatedValue[]> {
    if (this.#document.errors.length > 0)
      return { ok: false, problems: this.#document.errors.map((error) => this.#syntaxProblem(error)) };
    const expanded = this.#expand();
    if (!expanded.ok) return expanded;
    const { value } = expanded;
    if (value === null || value === undefined) return { ok: true, value: [] };
    const values = isList(value)
      ? value.items.map((item, index) => this.#located(item, ["items", index]))
      : [this.#located(value, [])];
    return { ok: true, value: values };
  }

  #located(value: unknown, at: readonly PropertyKey[]): LocatedValue {
    return {
      value,
      line: this.#lineOf(at),
      problemAt: (path, message, remedy) => this.#at([...at, ...path], message, remedy),
      placeOf: (path) => ({ file: this.#file, line: this.#lineOf([...at, ...path]) }),
    };
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
