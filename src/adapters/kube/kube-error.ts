import { z } from "zod";

/** One thing that an API server found wrong with a request. */
export interface KubeCause {
  /** E.g. `FieldValueInvalid`. */
  readonly reason: string;
  readonly message: string;
  /** Dotted path of the field, e.g. `spec.ports[0].name`; empty when it is about no field. */
  readonly field: string;
}

/** `meta/v1` Status as far as it is read; API servers leave out what is empty, proxies in between send anything. */
const Status = z.looseObject({
  kind: z.literal("Status"),
  message: z.string().default(""),
  reason: z.string().default(""),
  code: z.int().nullish(),
  details: z
    .looseObject({
      retryAfterSeconds: z.number().nullish(),
      causes: z
        .array(
          z.looseObject({
            reason: z.string().default(""),
            message: z.string().default(""),
            field: z.string().default(""),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** Longest part of an answer that is not a Status that a message quotes, in characters. */
const LONGEST_QUOTE = 200;

/** A request that an API server refused, or that never reached one. Told apart by `reason`, never by its message. */
export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The Status' reason, e.g. `Conflict`, `AlreadyExists`, `Expired`, `NotFound`, `Forbidden`; `Unreachable` without an answer. */
  readonly reason: string;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly KubeCause[];

  constructor(
    what: {
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs?: number | undefined;
      readonly causes?: readonly KubeCause[];
    },
    options?: ErrorOptions,
  ) {
    super(what.message, options);
    this.name = "KubeError";
    this.status = what.status;
    this.reason = what.reason;
    this.retryAfterMs = what.retryAfterMs;
    this.causes = what.causes ?? [];
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** An error from an answer that is no success. */
export function errorOfAnswer(status: number, body: string, retryAfter: string | undefined): KubeError {
  const parsed = Status.safeParse(jsonOf(body));
  if (!parsed.success)
    return new KubeError({
      status,
      reason: REASON_OF_STATUS[status] ?? "Unknown",
      message: `HTTP ${status}: ${body.slice(0, LONGEST_QUOTE).trim() || "no explanation"}`,
      retryAfterMs: milliseconds(retryAfter),
    });
  return errorOfStatus(parsed.data, status, milliseconds(retryAfter));
}

/** An error from the object of a watch's ERROR event, which may be anything. */
export function errorOfEvent(object: unknown): KubeError {
  const parsed = Status.safeParse(object);
  if (parsed.success) return errorOfStatus(parsed.data, parsed.data.code ?? 500, undefined);
  return new KubeError({ status: 500, reason: "Unknown", message: "the watch ended with an error without a Status" });
}

/** A request without an answer. */
export function unreachable(reason: string, cause?: unknown): KubeError {
  return new KubeError({ status: 0, reason: "Unreachable", message: reason }, { cause });
}

function errorOfStatus(
  { reason, message, details }: z.infer<typeof Status>,
  status: number,
  retryAfterMs: number | undefined,
): KubeError {
  const seconds = details?.retryAfterSeconds;
  return new KubeError({
    status,
    reason: reason === "" ? (REASON_OF_STATUS[status] ?? "Unknown") : reason,
    message,
    retryAfterMs: retryAfterMs ?? (typeof seconds === "number" ? seconds * 1_000 : undefined),
    causes: details?.causes ?? [],
  });
}

/** What answers mean that are not the API server's own, e.g. of a CRD that is not established yet, or of a proxy. */
const REASON_OF_STATUS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` as API servers write it: whole seconds. */
function milliseconds(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined;
}
