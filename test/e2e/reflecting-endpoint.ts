/**
 * The one endpoint of the transparency tests: it keeps what reached it, and answers as the test says.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A header as it was sent: in its own case, duplicates one by one. */
export type Header = readonly [name: string, value: string];

/** A request as the endpoint saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: string;
  readonly trailers: readonly Header[];
}

/** An HTTP/1.1 request whose body may still be under way; `whole` comes with its end. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly whole: Promise<SeenRequest>;
}

/** How an HTTP/1.1 request is answered. */
export type Answer = (arrival: Arrival) => unknown;

/** How an HTTP/2 stream is answered. */
export type StreamAnswer = (stream: ServerHttp2Stream, whole: Promise<SeenRequest>) => unknown;

/** How the bytes after a request to upgrade are answered; the 101 is part of it. */
export type UpgradeAnswer = (socket: Duplex, request: IncomingMessage, head: Buffer) => unknown;

/** Ports on the endpoint's address. `check` takes the checks of the TCP service, so that its own connections are the test's alone. */
export const REFLECTING_PORTS = { http: 8_081, http2: 8_082, tcp: 7_001, check: 7_002 } as const;

/** Path of the checks, which are not kept. */
export const CHECK_PATH = "/healthz";

/** Header lines of a flat list, as Node gives them. */
export function headerLines(flat: readonly string[]): Header[] {
  return flat.flatMap((name, index): Header[] => (index % 2 === 0 ? [[name, flat[index + 1] ?? ""]] : []));
}

/** A short body as it is, a long one as its length and hash. */
export async function bodyOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  let length = 0;
  let start = Buffer.alloc(0);
  for await (const chunk of stream) {
    hash.update(chunk);
    length += chunk.length;
    if (start.length < 4_096) start = Buffer.concat([start, chunk]);
  }
  return length < 4_096 ? start.toString("latin1") : `${length} bytes, ${hash.digest("hex")}`;
}

/** The endpoint. */
export class ReflectingEndpoint {
  readonly #answers = new Map<string, { readonly answer: Answer; readonly seen: SeenRequest[] }>();
  readonly #streamAnswers = new Map<string, { readonly answer: StreamAnswer; readonly seen: SeenRequest[] }>();
  readonly #accepting: ((socket: Socket) => void)[] = [];
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  readonly #upgrades = new Map<string, UpgradeAnswer>();
  #pairing: Promise<unknown> = Promise.resolve();

  /** Listens on all its ports of an address. */
  static async listen(address: string): Promise<ReflectingEndpoint> {
    const endpoint = new ReflectingEndpoint();
    await Promise.all([
      endpoint.#listen(endpoint.#http1(), address, REFLECTING_PORTS.http),
      endpoint.#listen(endpoint.#http2(), address, REFLECTING_PORTS.http2),
      endpoint.#listen(endpoint.#tcp(), address, REFLECTING_PORTS.tcp),
      endpoint.#listen(
        createTcpServer((socket) => socket.on("error", () => {}).end()),
        address,
        REFLECTING_PORTS.check,
      ),
    ]);
    return endpoint;
  }

  /** Says how HTTP/1.1 requests for a target are answered from now on. The list given back fills with them. */
  answer(target: string, answer: Answer): readonly SeenRequest[] {
    const seen: SeenRequest[] = [];
    this.#answers.set(target, { answer, seen });
    return seen;
  }

  /** The same for HTTP/2. */
  answerStream(target: string, answer: StreamAnswer): readonly SeenRequest[] {
    const seen: SeenRequest[] = [];
    this.#streamAnswers.set(target, { answer, seen });
    return seen;
  }

  /** Says how requests to upgrade are answered from now on. */
  answerUpgrade(target: string, answer: UpgradeAnswer): void {
    this.#upgrades.set(target, answer);
  }

  /** Has a client connect, and gives it with the connection that then comes in. One pair at a time, so that they belong together. */
  pair<T>(connect: () => T): Promise<readonly [T, Socket]> {
    const pair = this.#pairing.then(async () => {
      const accepted = new Promise<Socket>((resolve) => this.#accepting.push(resolve));
      return [connect(), await accepted] as const;
    });
    this.#pairing = pair;
    return pair;
  }

  /** Closes everything. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #http1(): Server {
    const server = createHttp1Server({ maxHeaderSize: 262_144, requestTimeout: 0, headersTimeout: 0 });
    server.keepAliveTimeout = 0;
    server.maxHeadersCount = 4_096;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      const target = request.url ?? "";
      const known = this.#answers.get(target);
      if (known === undefined) {
        response.writeHead(target === CHECK_PATH ? 200 : 404).end();
        return;
      }
      const whole = bodyOf(request).then((body) => ({
        method: request.method ?? "",
        target,
        headers: headerLines(request.rawHeaders),
        body,
        trailers: headerLines(request.rawTrailers),
      }));
      // A request that is cut off is never whole.
      whole.then((request) => known.seen.push(request)).catch(() => {});
      Promise.try(known.answer, { request, response, whole }).catch(() => request.destroy());
    };
    server.on("request", take).on("checkContinue", take);
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      this.#upgrades.get(request.url ?? "")?.(socket, request, head);
    });
    return server;
  }

  #http2(): Server {
    const server = createHttp2Server({ settings: { maxHeaderListSize: 262_144 }, maxHeaderListPairs: 4_096 });
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session)).on("error", () => session.destroy());
    });
    // The list of headers as they came is left out of Node's types.
    server.on("stream", (stream: ServerHttp2Stream, headers, _flags, ...[flat = []]: string[][]) => {
      const target = headers[":path"] ?? "";
      const known = this.#streamAnswers.get(target);
      stream.on("error", () => stream.destroy());
      if (known === undefined) {
        stream.respond({ ":status": target === CHECK_PATH ? 200 : 404 }, { endStream: true });
        return;
      }
      const trailers: Header[] = [];
      stream.on("trailers", (_trailers, _flags, ...[lines = []]: string[][]) => trailers.push(...headerLines(lines)));
      const method = headers[":method"] ?? "";
      const whole = bodyOf(stream).then((body) => ({ method, target, headers: headerLines(flat), body, trailers }));
      whole.then((request) => known.seen.push(request)).catch(() => {});
      Promise.try(known.answer, stream, whole).catch(() => stream.destroy());
    });
    return server;
  }

  #tcp(): Server {
    return createTcpServer({ allowHalfOpen: true }, (socket) => {
      const waiting = this.#accepting.shift();
      if (waiting !== undefined) {
        waiting(socket);
        return;
      }
      socket.on("error", () => socket.destroy());
      socket.pipe(socket);
    });
  }

  async #listen(server: Server, address: string, port: number): Promise<void> {
    this.#servers.push(server);
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.listen(port, address);
    await once(server, "listening");
  }
}
