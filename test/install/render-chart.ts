/**
 * The part of Helm's template language that the chart uses: values as text and as JSON, `if` with `else`, `range`.
 * Anything else is refused. Held equal to Helm 3.19 when this was written.
 * @module
 */
import type { Json, JsonObject } from "../kube/api/json.ts";
import { at } from "../kube/api/json.ts";

/** What templates are rendered with. */
export interface RenderInput {
  readonly values: JsonObject;
  readonly namespace: string;
}

/** Renders a template. @throws for an expression that is not known here */
export function renderTemplate(text: string, input: RenderInput): string {
  // `{{-` takes the white space before it away.
  const parts = text.split(/\s*(\{\{- [^}]+\}\})|(\{\{ [^}]+\}\})/).filter((part) => part !== undefined);
  const { rendered, rest } = renderParts(parts, input, null);
  if (rest.length > 0) throw new Error(`${rest[0]} without a beginning`);
  return rendered;
}

interface Rendered {
  readonly rendered: string;
  /** From the word that ends the block on. */
  readonly rest: readonly string[];
}

function renderParts(parts: readonly string[], input: RenderInput, dot: Json): Rendered {
  let rendered = "";
  let rest = parts;
  for (;;) {
    const [part, ...following] = rest;
    if (part === undefined) return { rendered, rest: [] };
    const expression = /^\{\{-? (.+) \}\}$/.exec(part)?.[1];
    if (expression === "end" || expression === "else") return { rendered, rest };
    const [word = "", subject = ""] = (expression ?? "").split(" ");
    if (expression === undefined) {
      rendered += part;
      rest = following;
    } else if (word === "if" || word === "range") {
      const block = renderBlock({ word, value: valueOf(subject, input, dot), dot }, following, input);
      rendered += block.rendered;
      rest = block.rest;
    } else {
      rendered += inline(expression, input, dot);
      rest = following;
    }
  }
}

function inline(expression: string, input: RenderInput, dot: Json): string {
  if (expression.startsWith("toJson ")) return JSON.stringify(valueOf(expression.slice("toJson ".length), input, dot));
  const value = valueOf(expression, input, dot);
  if (typeof value !== "string") throw new Error(`${expression} is no text`);
  return value;
}

interface Block {
  readonly word: "if" | "range";
  readonly value: Json;
  readonly dot: Json;
}

function renderBlock({ word, value, dot }: Block, parts: readonly string[], input: RenderInput): Rendered {
  const items = Array.isArray(value) ? value : [];
  if (word === "range" && !Array.isArray(value)) throw new Error("range takes a list here");
  const isTaken = items.length > 0 || (word === "if" && isTruthy(value));
  const first = renderParts(parts, input, word === "range" ? (items[0] ?? "") : dot);
  const bodies = word === "range" ? items.map((item) => renderParts(parts, input, item).rendered) : [first.rendered];
  const [end, ...after] = first.rest;
  if (end?.includes("else") !== true) return { rendered: isTaken ? bodies.join("") : "", rest: after };
  const other = renderParts(after, input, dot);
  return { rendered: isTaken ? bodies.join("") : other.rendered, rest: other.rest.slice(1) };
}

/** As Go's templates have it: nothing, nought, empty text and empty lists count as no. */
function isTruthy(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function valueOf(expression: string, { values, namespace }: RenderInput, dot: Json): Json {
  if (expression === ".") return dot;
  if (expression === "$.Release.Namespace") return namespace;
  const path = /^\$\.Values((?:\.\w+)+)$/.exec(expression)?.[1];
  if (path === undefined) throw new Error(`${expression} is not known`);
  return at(values, ...path.slice(1).split(".")) ?? null;
}
