import type { LoadOptions } from "./options.ts";

/** Bytes of a request; an answer to HEAD has no body whatever its length says. */
export interface PreparedRequest {
  readonly bytes: Buffer;
  readonly isHead: boolean;
}

/** Its multiples, whole parts left out, are spread over [0, 1) as evenly as can be. */
const GOLDEN_RATIO = 0.6180339887498949;

/** The kinds of request of a run, each with its bytes prepared, so that sending allocates nothing. */
export class RequestMix {
  private readonly kinds: readonly { readonly upTo: number; readonly request: PreparedRequest }[];
  private readonly otherwise: PreparedRequest;

  constructor(options: LoadOptions) {
    let upTo = 0;
    this.kinds = options.mix.map(({ method, path, share }) => {
      upTo += share;
      return { upTo, request: prepare(method, path, options) };
    });
    this.otherwise = prepare(options.method, options.path, options);
  }

  /**
   * The request of a row, the same each time. Any stretch of rows holds the shares as exactly as it can: runs compare
   * what was done to the requests, not how many of which kind there happened to be.
   */
  of(row: number): PreparedRequest {
    const chance = Math.abs(row * GOLDEN_RATIO) % 1;
    for (const kind of this.kinds) if (chance < kind.upTo) return kind.request;
    return this.otherwise;
  }
}

function prepare(method: string, path: string, options: LoadOptions): PreparedRequest {
  const hasBody = method === "POST" || method === "PUT" || method === "PATCH";
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${options.host ?? "load.test"}`, ...options.headers];
  if (hasBody) lines.push("content-type: application/octet-stream", `content-length: ${options.bodyBytes}`);
  const body = hasBody ? "x".repeat(options.bodyBytes) : "";
  return { bytes: Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1"), isHead: method === "HEAD" };
}
