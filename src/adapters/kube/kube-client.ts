/**
 * Requests to an API server, one at a time and as streams. Sits on the credentials of `@kubernetes/client-node`; its
 * generated methods and informers are not used, see docs/adr/0008-own-reflector.md.
 * @module
 */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { readBody } from "../http/read-body.ts";
import type { KubeConnection } from "./kube-connection.ts";
import { errorOfAnswer, KubeError, unreachable } from "./kube-error.ts";

/** How long an answer may take unless the request says otherwise, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Largest answer, in bytes: a page of 500 objects stays far below. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Largest explanation of a refusal, in bytes. */
const LARGEST_REFUSAL = 1024 * 1024;

/** The form of a body, which says what kind of patch it is. */
export type KubeBodyType =
  | "application/json"
  | "application/merge-patch+json"
  | "application/json-patch+json"
  | "application/apply-patch+yaml";

/** One request. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path without query, as `pathOf` gives it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** `application/json` when absent. */
  readonly bodyType?: KubeBodyType;
  /** Form of the answer: `application/json` when absent. */
  readonly accept?: string;
  /** For the whole answer, or of a stream for its head. In milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An API server. */
export class KubeClient {
  readonly #connection: KubeConnection;
  readonly #userAgent: string;

  /** @param userAgent shows in the API server's audit log and in `managedFields` of plain updates */
  constructor(connection: KubeConnection, userAgent: string) {
    this.#connection = connection;
    this.#userAgent = userAgent;
  }

  /** Where the API server is. */
  get server(): string {
    return this.#connection.server;
  }

  /** The namespace that the kubeconfig's context names. */
  get namespace(): string {
    return this.#connection.namespace;
  }

  /**
   * Sends a request and gives the parsed answer.
   * @throws KubeError
   */
  async request<T>(request: KubeRequest): Promise<T> {
    const signal = this.#limited(request);
    const response = await this.#send(request, signal);
    try {
      const text = await readBody(response, LARGEST_ANSWER);
      return JSON.parse(text) as T;
    } catch (error) {
      throw unreachable(`the answer to ${request.method} ${request.path} is not usable: ${reasonOf(error)}`, error);
    }
  }

  /**
   * Opens a stream and gives it once its head is there; who gets it has to end it.
   * @throws KubeError
   */
  async open(request: KubeRequest): Promise<IncomingMessage> {
    const head = new AbortController();
    const timer = setTimeout(() => head.abort(new Error("no answer in time")), request.timeoutMs ?? ANSWER_TIMEOUT_MS);
    const signals = request.signal === undefined ? [head.signal] : [head.signal, request.signal];
    try {
      return await this.#send(request, AbortSignal.any(signals));
    } finally {
      clearTimeout(timer);
    }
  }

  #limited({ timeoutMs, signal }: KubeRequest): AbortSignal {
    const limit = AbortSignal.timeout(timeoutMs ?? ANSWER_TIMEOUT_MS);
    return signal === undefined ? limit : AbortSignal.any([limit, signal]);
  }

  /** The answer's head; throws what is no success. */
  async #send(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    let response: IncomingMessage;
    try {
      response = await this.#exchange(request, signal);
    } catch (error) {
      if (error instanceof KubeError) throw error;
      throw unreachable(`${request.method} ${this.server}${request.path}: ${reasonOf(error)}`, error);
    }
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const body = await readBody(response, LARGEST_REFUSAL).catch(() => "");
    throw errorOfAnswer(status, body, response.headers["retry-after"]);
  }

  async #exchange(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { headers, agent } = await this.#credentials();
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const url = new URL(this.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const send = url.protocol === "http:" ? requestHttp : requestHttps;
    return await new Promise((resolve, reject) => {
      const sent = send(url, {
        method: request.method,
        agent,
        signal,
        headers: {
          ...headers,
          accept: request.accept ?? "application/json",
          "user-agent": this.#userAgent,
          ...(body === undefined
            ? {}
            : { "content-type": request.bodyType ?? "application/json", "content-length": Buffer.byteLength(body) }),
        },
      });
      sent.once("response", resolve);
      sent.once("error", reject);
      sent.end(body);
    });
  }

  async #credentials(): ReturnType<KubeConnection["credentials"]> {
    try {
      return await this.#connection.credentials();
    } catch (error) {
      // E.g. a plugin that fetches tokens and cannot at the moment.
      throw unreachable(`no credentials for ${this.server}: ${reasonOf(error)}`, error);
    }
  }
}

/** A time-out says what happened only in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  return error.name === "AbortError" && error.cause instanceof Error ? error.cause.message : error.message;
}
