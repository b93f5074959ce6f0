/**
 * Refusals in the words of the real API server: clients and people match on them.
 * @module
 */
import { type Json, type JsonObject, equal } from "./json.ts";

/** One reason of a refusal, and the field it is about. */
export interface FieldProblem {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A resource as error texts name it. */
export interface Qualified {
  readonly group: string;
  readonly plural: string;
}

/** A kind as error texts name it. */
export interface QualifiedKind {
  readonly group: string;
  readonly kind: string;
}

/** An answer other than success, as a `Status` object. */
export class ApiError extends Error {
  readonly status: JsonObject;
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, reason: string, message: string, extra: ErrorExtra = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.headers = extra.headers ?? {};
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: extra.continueToken === undefined ? {} : { continue: extra.continueToken },
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(extra.details === undefined ? {} : { details: extra.details }),
      code,
    };
  }

  /** The reason in the field `reason`, for branching on it. */
  get reason(): string {
    return typeof this.status["reason"] === "string" ? this.status["reason"] : "";
  }
}

/** What some refusals carry besides reason and message. */
export interface ErrorExtra {
  readonly details?: JsonObject;
  readonly continueToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `widgets.wire.dev`, or `services` for the core group. */
export function qualifiedName({ group, plural }: Qualified): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function details(group: string, kind: string, name: string): JsonObject {
  return { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), kind };
}

/** 404: no such object. */
export function notFound(resource: Qualified, name: string): ApiError {
  return new ApiError(404, "NotFound", `${qualifiedName(resource)} "${name}" not found`, {
    details: details(resource.group, resource.plural, name),
  });
}

/** 404: no such resource in a group and version that exist. */
export function unknownResource(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", { details: {} });
}

/** 409: the name is taken. */
export function alreadyExists(resource: Qualified, name: string): ApiError {
  return new ApiError(409, "AlreadyExists", `${qualifiedName(resource)} "${name}" already exists`, {
    details: details(resource.group, resource.plural, name),
  });
}

/** 409: somebody else was faster. */
export function modified(resource: Qualified, name: string): ApiError {
  return conflict(
    resource,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );
}

/** 409 with a reason of its own. */
export function conflict(resource: Qualified, name: string, why: string): ApiError {
  return new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    {
      details: details(resource.group, resource.plural, name),
    },
  );
}

/** 422 with every problem. */
export function invalid({ group, kind }: QualifiedKind, name: string, problems: readonly FieldProblem[]): ApiError {
  const distinct = problems.filter(
    (problem, index) => problems.findIndex((other) => equal({ ...other }, { ...problem })) === index,
  );
  const texts = distinct.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  const qualified = group === "" ? kind : `${kind}.${group}`;
  return new ApiError(422, "Invalid", `${qualified} "${name}" is invalid: ${list}`, {
    details: {
      ...details(group, kind, name),
      causes: distinct.map(({ reason, message, field }): Json => ({ reason, message, field })),
    },
  });
}

/** 422: a patch that cannot be applied to the object. */
export function patchRejected(): ApiError {
  return new ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {
    details: {},
  });
}

/** 400. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

/** 401. */
export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unauthorized");
}

/** 403 by RBAC or by admission. */
export function forbidden(resource: Qualified, name: string, why: string): ApiError {
  const named = name === "" ? "" : ` "${name}"`;
  return new ApiError(403, "Forbidden", `${qualifiedName(resource)}${named} is forbidden: ${why}`, {
    details: details(resource.group, resource.plural, name),
  });
}

/** 405. */
export function methodNotAllowed(): ApiError {
  return new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {
    details: {},
  });
}

/** 410: a resource version or a continue token that history has passed. */
export function expired(message: string, continueToken?: string): ApiError {
  return new ApiError(410, "Expired", message, continueToken === undefined ? {} : { continueToken });
}

/** 504: a resource version from the future. */
export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, "Timeout", message, {
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
    headers: { "retry-after": "1" },
  });
}

/** A value as error texts print it. */
export function printed(value: Json | undefined): string {
  return value === undefined ? "null" : JSON.stringify(value);
}

/** `Invalid value: ...`. */
export function invalidValue(field: string, value: Json | undefined, detail: string): FieldProblem {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${printed(value)}: ${detail}`, field };
}

/** `Required value`, with a detail where there is one. */
export function requiredValue(field: string, detail = ""): FieldProblem {
  return { reason: "FieldValueRequired", message: `Required value${detail === "" ? "" : `: ${detail}`}`, field };
}

/** `Unsupported value`, with what is supported. */
export function unsupportedValue(field: string, value: Json, supported: readonly string[]): FieldProblem {
  const list = supported.map((one) => JSON.stringify(one)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${printed(value)}: supported values: ${list}`,
    field,
  };
}

/** `Duplicate value`. */
export function duplicateValue(field: string, value: Json): FieldProblem {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${printed(value)}`, field };
}

/** `Forbidden`. */
export function forbiddenValue(field: string, detail: string): FieldProblem {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

/** `Too many`. */
export function tooMany(field: string, count: number, limit: number): FieldProblem {
  return { reason: "FieldValueTooMany", message: `Too many: ${count}: must have at most ${limit} items`, field };
}

/** `Too long`. */
export function tooLong(field: string, limit: number): FieldProblem {
  return { reason: "FieldValueTooLong", message: `Too long: may not be more than ${limit} bytes`, field };
}
