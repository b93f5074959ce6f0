import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AttemptCounter, classifyPath } from "./counters.ts";
import { type Fault, treat } from "./fault.ts";

/** What both servers of an endpoint share; `fault` is read anew for each request. */
export interface Endpoint {
  readonly site: string;
  readonly name: string;
  /** What a good answer takes, in ms. */
  readonly latencyMs: number;
  readonly counter: AttemptCounter;
  readonly fault: () => Fault;
}

/** An HTTP/1.1 server that is not listening yet. It reads whole bodies and never limits their size. */
export function createHttpEndpoint(endpoint: Endpoint): Server {
  // A gateway's pool must be the one to end idle connections, or a request is lost to the race between both.
  let requests = 0;
  const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, (request, response) => {
    serve(endpoint, requests, request, response);
    if (classifyPath(request.url ?? "/") !== "check") requests += 1;
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  return server;
}

function serve(endpoint: Endpoint, ordinal: number, request: IncomingMessage, response: ServerResponse): void {
  const path = classifyPath(request.url ?? "/");
  const method = request.method ?? "GET";
  endpoint.counter.countRequest(path, method);
  const treatment = treat(endpoint.fault(), { isCheck: path === "check", ordinal }, endpoint.latencyMs, Math.random());
  if (treatment.do === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const status = path === "bad" ? 503 : treatment.status;
  const answer = (): void => {
    const timer = setTimeout(() => write(endpoint, response, status), treatment.delayMs);
    // A client that went away leaves no timer behind: under `slow` thousands would pile up.
    response.once("close", () => clearTimeout(timer));
  };
  // Without a body there is no `end` to wait for before the latency starts.
  if (method === "GET" || method === "HEAD") answer();
  else request.once("end", answer);
  request.resume();
}

function write(endpoint: Endpoint, response: ServerResponse, status: number): void {
  const body = JSON.stringify({ site: endpoint.site, name: endpoint.name });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-served-by": `${endpoint.site}/${endpoint.name}`,
  });
  response.end(body);
}
