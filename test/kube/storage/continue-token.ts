/**
 * The token that asks for the next page of a list.
 * @module
 */
import { badRequest } from "../api/api-error.ts";
import { type Json, numberAt, textAt } from "../api/json.ts";

/** Where a list goes on: behind `start`, as of `revision` (-1: as of now). */
export interface Continuation {
  readonly revision: number;
  /** Key of the last object of the page before, relative to the listed namespace. */
  readonly after: string;
}

/** Encodes a continuation as the real API server does. */
export function encodeContinuation({ revision, after }: Continuation): string {
  const text = `{"v":"meta.k8s.io/v1","rv":${revision},"start":${JSON.stringify(`/${after}\0`)}}`;
  return Buffer.from(text).toString("base64url");
}

/** @throws ApiError 400 when the token is none */
export function decodeContinuation(token: string): Continuation {
  if (!/^[\w-]*$/.test(token)) throw refuse(`illegal base64 data at input byte ${token.search(/[^\w-]/)}`);
  const text = Buffer.from(token, "base64url").toString("utf8");
  const decoded = parse(text);
  if (textAt(decoded, "v") !== "meta.k8s.io/v1") throw refuse("server does not recognize this encoded version");
  const revision = numberAt(decoded, "rv") ?? 0;
  if (revision === 0) throw refuse("incorrect encoded start resourceVersion");
  const start = textAt(decoded, "start") ?? "";
  return { revision, after: start.replace(/^\//, "").replace(/\0$/, "") };
}

function refuse(why: string): Error {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw refuse(describeError(text));
  }
}

/** Go's words for what is wrong with a text that is not JSON. */
function describeError(text: string): string {
  const [first = ""] = text;
  if (text === "") return "unexpected end of JSON input";
  const literal = ["null", "true", "false"].find((word) => word.startsWith(first));
  if (literal === undefined) return `invalid character '${first}' looking for beginning of value`;
  const wrong = [...text].findIndex((character, index) => character !== literal[index]);
  if (wrong === -1) return "unexpected end of JSON input";
  return `invalid character '${text[wrong]}' in literal ${literal} (expecting '${literal[wrong]}')`;
}
