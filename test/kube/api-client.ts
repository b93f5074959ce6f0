/**
 * A small client for tests and for the stand-in of kube-proxy: one request, or one watch.
 * @module
 */
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Json } from "./api/json.ts";

/** Where an API server is, and who asks. */
export interface ApiAccess {
  readonly url: string;
  /** Authority, PEM; empty for plain HTTP. */
  readonly caPem: string;
  /** Absent: anonymous. */
  readonly token?: string | undefined;
}

/** One request. */
export interface ApiRequest {
  readonly method?: string;
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Json | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Asks, and reads the whole answer. Rejects when the connection is cut before its end. */
export async function ask(access: ApiAccess, request: ApiRequest): Promise<ApiAnswer> {
  const response = await open(access, request);
  let text = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Asks, and gives the parsed body. Rejects when the status is not 2xx, with the server's message. */
export async function askJson(access: ApiAccess, request: ApiRequest): Promise<Json> {
  const { status, text } = await ask(access, request);
  if (status < 200 || status > 299) throw new Error(`${request.method ?? "GET"} ${request.path}: ${status} ${text}`);
  return JSON.parse(text) as Json;
}

/** Events of a watch, until the connection ends. */
export async function* watchEvents(access: ApiAccess, path: string, signal?: AbortSignal): AsyncGenerator<Json> {
  const response = await open(access, { path }, signal);
  let rest = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Json;
  }
}

function open(access: ApiAccess, request: ApiRequest, signal?: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(request.path, access.url);
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers: Record<string, string> = { ...request.headers };
  if (access.token !== undefined) headers["authorization"] ??= `Bearer ${access.token}`;
  if (body !== undefined) {
    headers["content-type"] = request.contentType ?? "application/json";
    // Without it the body of a DELETE would be taken for another request.
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  const options = {
    method: request.method ?? "GET",
    headers,
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === "https:" ? requestTls(url, { ...options, ca: access.caPem }) : requestPlain(url, options);
    sent.once("response", resolve).once("error", reject).end(body);
  });
}
