/**
 * The API server's front: who asks, may they, and for what.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../../../src/adapters/http/read-body.ts";
import { ApiError, forbidden, methodNotAllowed, unauthorized, unknownResource } from "../api/api-error.ts";
import type { JsonObject } from "../api/json.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import { denial, isAllowed, type User } from "../storage/rbac.ts";
import type { ResourceStorage } from "../storage/resource-storage.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { type AuditEntry, auditEntry } from "./audit.ts";
import { authenticate, type KnownUser } from "./authentication.ts";
import { discover, servesVersion } from "./discovery.ts";
import type { FaultAnswer, Faults } from "./faults.ts";
import { parseRequest, type RequestInfo } from "./request-info.ts";
import { answerReview } from "./access-review.ts";
import { bindPod } from "./pod-binding.ts";
import { parseBody } from "./request-body.ts";
import { type Answer, carryOut, watchOptions } from "./resource-requests.ts";
import { type OpenWatch, openWatch, type WatchHost } from "./watch-stream.ts";

/** What the server serves, and how. */
export interface ApiServerParts {
  readonly resources: ServedResources;
  readonly users: readonly KnownUser[];
  readonly faults: Faults;
  readonly watch: WatchHost;
  /** Milliseconds that a second of `timeoutSeconds` lasts. */
  readonly secondMs: number;
}

const BODY_LIMIT = 3 * 1024 * 1024;

/** Answers requests; keeps a log of them and a list of open watches. */
export class ApiServer {
  readonly requests: AuditEntry[] = [];
  readonly watches = new Set<OpenWatch>();
  readonly #parts: ApiServerParts;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
  }

  /** Answers one request, whatever happens on the way. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", () => {});
    this.#answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else fail(response, error);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const info = parseRequest(request.method ?? "GET", request.url ?? "/");
    const user = this.#authenticate(request);
    const entry = auditEntry(info, user);
    this.requests.push(entry);
    const fault = this.#parts.faults.take(entry);
    // What is held back has arrived: the client may be gone by the time at which it is carried out.
    const held = fault?.kind === "hold" ? await readBody(request, BODY_LIMIT) : undefined;
    if (fault !== undefined && (await meetFault(fault, response, entry)) === "done") return;
    const text = held ?? (await readBody(request, BODY_LIMIT));
    if (fault?.kind === "cut-after") {
      // The answer must not reach the client, and what it asked for must be done.
      discardAnswer(response);
    }
    try {
      if (user === undefined) throw unauthorized();
      this.#authorize(user, info);
      this.#dispatch({ request, response, info, user, text, entry });
    } catch (error) {
      entry.status = fail(response, error);
    }
    if (fault?.kind === "cut-after") response.socket?.destroy();
  }

  #authenticate(request: IncomingMessage): User | undefined {
    try {
      return authenticate(this.#parts.users, request.headers.authorization);
    } catch {
      return undefined;
    }
  }

  #authorize(user: User, info: RequestInfo): void {
    const { store } = this.#parts.resources.world;
    if (isAllowed(store, user, info)) return;
    const why = denial(user, info);
    if (info.path !== undefined) throw new ApiError(403, "Forbidden", `forbidden: ${why}`, { details: {} });
    throw forbidden({ group: info.group, plural: info.resource }, info.name, why);
  }

  #dispatch(exchange: Exchange): void {
    const { info, response, entry } = exchange;
    if (info.path !== undefined) {
      entry.status = this.#answerPath(info, response);
      return;
    }
    const storage = this.#storage(info);
    if (storage === undefined) {
      const review =
        exchange.info.group === "authorization.k8s.io"
          ? answerReview(this.#parts.resources.world.store, exchange)
          : undefined;
      if (review === undefined) throw unknownResource();
      entry.status = reply(response, { status: 201, body: review, warnings: [] });
      return;
    }
    checkAccept(exchange.request.headers.accept);
    if (info.verb === "watch") {
      this.#watch(storage, exchange);
      return;
    }
    if (isBinding(info)) {
      entry.status = reply(response, this.#bind(storage, exchange));
      return;
    }
    entry.status = reply(response, carryOut(this.#parts.resources.world.store, storage, exchange));
  }

  /** @throws ApiError 404, or answers as a server does that has no such group: as text */
  #storage({ group, version, resource, subresource }: RequestInfo): ResourceStorage | undefined {
    const { resources } = this.#parts;
    const key = resourceKey({ group, plural: resource });
    const storage = resources.in(key, version);
    if (storage === undefined) {
      if (servesVersion(resources.types, group, version)) return undefined;
      throw new PageNotFound();
    }
    const isKnown = subresource === "" || (subresource === "status" && storage.endpoint.version.status);
    const isFinalize = key === "/namespaces" && subresource === "finalize";
    if (!isKnown && !isFinalize && !isBinding({ group, resource, subresource })) throw unknownResource();
    return storage;
  }

  #bind(storage: ResourceStorage, { info, request, text }: Exchange): Answer {
    if (info.verb !== "create") throw methodNotAllowed();
    const { value } = parseBody(text, request.headers["content-type"] ?? "");
    return { status: 201, body: bindPod(this.#parts.resources.world, storage, info, value), warnings: [] };
  }

  #watch(storage: ResourceStorage, { info, response, entry }: Exchange): void {
    const options = watchOptions(info, this.#parts.secondMs);
    openWatch(this.#parts.watch, storage.endpoint, options, { response, open: this.watches });
    entry.status = 200;
  }

  #answerPath({ pathname, verb }: RequestInfo, response: ServerResponse): number {
    if (verb !== "get") throw methodNotAllowed();
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(pathname)) {
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("ok");
      return 200;
    }
    if (pathname === "/version" || pathname === "/version/")
      return reply(response, { status: 200, body: VERSION, warnings: [] });
    const body = discover(this.#parts.resources.types, pathname);
    if (body === undefined) throw new PageNotFound();
    return reply(response, { status: 200, body, warnings: [] });
  }
}

/** One request on its way. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly info: RequestInfo;
  readonly user: User;
  readonly text: string;
  readonly entry: AuditEntry;
}

const VERSION: JsonObject = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  gitVersion: "v1.36.2",
  platform: "linux/amd64",
};

function isBinding({ group, resource, subresource }: Pick<RequestInfo, "group" | "resource" | "subresource">): boolean {
  return group === "" && resource === "pods" && subresource === "binding";
}

/** A path that no handler is registered for: the real server's answer is not a Status. */
class PageNotFound extends Error {}

function reply(response: ServerResponse, { status, body, warnings }: Answer): number {
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-cache, private");
  if (warnings.length > 0) {
    response.setHeader(
      "warning",
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  }
  response.writeHead(status).end(`${JSON.stringify(body)}\n`);
  return status;
}

function fail(response: ServerResponse, error: unknown): number {
  if (error instanceof PageNotFound) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("404 page not found\n");
    return 404;
  }
  const known = error instanceof ApiError ? error : internalError(error);
  for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value);
  return reply(response, { status: known.code, body: known.status, warnings: [] });
}

function internalError(error: unknown): ApiError {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ApiError(500, "InternalError", `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
  });
}

async function meetFault(fault: FaultAnswer, response: ServerResponse, entry: AuditEntry): Promise<"done" | "go on"> {
  switch (fault.kind) {
    case "status":
      entry.status = fail(response, faultStatus(fault));
      return "done";
    case "cut":
      response.socket?.destroy();
      return "done";
    case "hang":
      return "done";
    case "delay":
      await new Promise((resolve) => {
        setTimeout(resolve, fault.ms);
      });
      return "go on";
    case "hold":
      await fault.until;
      return "go on";
    case "cut-after":
      return "go on";
  }
}

function faultStatus(fault: Extract<FaultAnswer, { kind: "status" }>): ApiError {
  const { status, retryAfterSeconds } = fault;
  const [reason, words] = REASONS[status] ?? ["InternalError", "Internal error occurred: simulated"];
  const details: JsonObject = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return new ApiError(status, reason, fault.message ?? words, { details, headers });
}

const REASONS: Readonly<Record<number, readonly [string, string]>> = {
  429: ["TooManyRequests", "Too many requests, please try again later."],
  500: ["InternalError", "Internal error occurred: simulated"],
  503: ["ServiceUnavailable", "apiserver not ready"],
  504: ["Timeout", "Timeout: request did not complete within the allotted timeout"],
};

/** Answers into nothing. */
function discardAnswer(response: ServerResponse): void {
  response.write = () => true;
  response.end = () => response;
  response.flushHeaders = () => {};
}

const ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/** @throws ApiError 406 when the client takes nothing that is offered: only JSON is */
function checkAccept(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === "") return;
  const isFine = accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const isTransformed = parameters.some((parameter) => parameter.startsWith("as="));
    return !isTransformed && ["*/*", "application/*", "application/json"].includes(type);
  });
  if (isFine) return;
  throw new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${ACCEPTED}`, { details: {} });
}
