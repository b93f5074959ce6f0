/**
 * The interface for the command line on the same machine: JSON over a Unix socket that only this user may open.
 * @module
 */
import { createServer, type Server } from "node:http";
import { chmod, rm } from "node:fs/promises";
import type { z } from "zod";
import { readBody } from "../../adapters/http/read-body.ts";
import { TandemError } from "../../model/errors.ts";

/** Largest body of a request, in bytes. */
const LARGEST_BODY = 256 * 1024;

/** An answer: a status and what is sent as JSON, or as text when it is a string. */
export interface LocalAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One operation, by `METHOD /path`. */
export type LocalOperations = Readonly<Record<string, (body: unknown) => Promise<LocalAnswer> | LocalAnswer>>;

/** Serves operations. Errors with a `code` go to the caller as they are; others are defects and are named so. */
export async function serveLocalApi(path: string, operations: LocalOperations): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    const operation = operations[`${request.method ?? ""} ${request.url ?? ""}`];
    const run = async (): Promise<LocalAnswer> => {
      if (operation === undefined)
        return {
          status: 404,
          body: {
            code: "UnknownOperation",
            message: `${request.method ?? ""} ${request.url ?? ""} is not known to this agent`,
          },
        };
      return operation(parseJson(await readBody(request, LARGEST_BODY)));
    };
    void run()
      .catch((error: unknown) => failure(error))
      .then(({ status, body }) => {
        const text = typeof body === "string";
        response
          .writeHead(status, { "content-type": text ? "text/plain; version=0.0.4" : "application/json" })
          .end(text ? body : JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  await chmod(path, 0o600);
  return server;
}

/**
 * A request's body in the form that an operation takes.
 * @throws TandemError InvalidArgument naming each field that is not of it
 */
export function parseBody<S extends z.ZodType>(form: S, body: unknown): z.output<S> {
  const parsed = form.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw new TandemError("InvalidArgument", problems.join("; "), { cause: parsed.error });
}

/** An empty body is none. */
function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TandemError("InvalidArgument", "the request's body is not JSON", { cause: error });
  }
}

function failure(error: unknown): LocalAnswer {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    const remedy = "remedy" in error && typeof error.remedy === "string" ? error.remedy : undefined;
    return { status: 400, body: { code: error.code, message: error.message, remedy } };
  }
  return { status: 500, body: { code: "InternalError", message: String(error) } };
}
