/**
 * What the transparency tests compare: exchanges as items of a table, and what may become of them on the way.
 * @module
 */
import { STATUS_CODES } from "node:http";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pass } from "node:timers/promises";
import { type Asked, type Exchange, exchangeHttp1, exchangeHttp2, parseAnswer } from "./http-exchange.ts";
import { type Answer, type Header, headerLines, type SeenRequest, type StreamAnswer } from "./reflecting-endpoint.ts";
import { connectClient, converse, type TcpEnd } from "./tcp-conversation.ts";
import { CLIENT_ADDRESS, type Way, type WayName } from "./transparency-lab.ts";

/** The ways that are compared with the direct one. */
export type Through = Exclude<WayName, "direct">;

/** An exchange that is made on every way. */
export interface Item {
  readonly name: string;
  readonly observe: (way: Way) => Promise<unknown>;
  /** What is expected through the gateway, of what was seen directly. */
  readonly allowed: (direct: unknown, through: Through) => unknown;
  /** Ways on which it is known not to be equal, each with the reason. */
  readonly fails: Partial<Record<Through, string>>;
}

/** A date that was not made on the way. */
export const DATE: Header = ["Date", "Fri, 02 Jan 1970 00:00:00 GMT"];

/** `size` megabytes, every one different. */
export function* megabytes(size: number): Iterable<Buffer> {
  for (let index = 0; index < size; index += 1) yield Buffer.alloc(1_000_000, `${index} `);
}

/** An event each second. */
export async function* everySecond(seconds: number): AsyncIterable<Buffer> {
  for (let second = 0; second < seconds; second += 1) {
    yield Buffer.from(`data: ${second}\n\n`);
    await pass(1_000);
  }
}

/** An answer. A body can be given in pieces. */
interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly Header[];
  readonly body?: string | Buffer | (() => Iterable<Buffer> | AsyncIterable<Buffer>);
  readonly trailers?: readonly Header[];
}

/** An answer with a length. */
export const OK: Reply = { headers: [["Content-Length", "2"]], body: "ok" };

/** Answers when the request is whole, or at once with an error. Nothing is added but `Date`, which a server has to send. */
export function reply({ status = 200, reason, headers = [], body = "", trailers }: Reply): Answer {
  return async ({ request, response, whole }) => {
    if (status < 400 && request.headers.expect !== undefined) response.writeContinue();
    if (request.headers.expect === undefined || status < 400) await whole;
    response.sendDate = false;
    response.writeHead(status, reason ?? STATUS_CODES[status], [DATE, ...headers].flat());
    if (trailers !== undefined) response.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
    if (typeof body === "function") await pipeline(Readable.from(body()), response);
    else response.end(body.length === 0 ? undefined : body);
  };
}

/** What every HTTP/1.1 request has unless the item is about it. */
export const HOST: Header = ["Host", "shop.example"];

/** What may differ in an item beyond what may differ in all, and the ways on which more does. */
interface Exceptions {
  readonly but?: (expected: Exchange, through: Through) => Exchange;
  readonly fails?: Item["fails"];
}

function exchange(name: string, observe: (way: Way) => Promise<Exchange>, { but, fails = {} }: Exceptions): Item {
  return {
    name,
    observe: async (way) => comparable(await observe(way)),
    allowed: (direct, through) => {
      const expected = passedOn(direct as Exchange, through);
      return comparable(but === undefined ? expected : but(expected, through));
    },
    fails,
  };
}

/** An exchange over HTTP/1.1. */
export function http1(
  name: string,
  asked: Partial<Asked>,
  how: Reply | Answer = OK,
  exceptions: Exceptions = {},
): Item {
  const headers = asked.headers?.some(([header]) => header.toLowerCase() === "host") === true ? [] : [HOST];
  const whole = { target: "/", ...asked, headers: [...headers, ...(asked.headers ?? [])] };
  const answer = typeof how === "function" ? how : reply(how);
  return exchange(name, (way) => exchangeHttp1(way.http, way.endpoint, { asked: whole, answer }), exceptions);
}

/** An exchange over HTTP/2, which has neither case nor reasons anywhere. */
export function http2(name: string, what: Parameters<typeof exchangeHttp2>[2], exceptions: Exceptions = {}): Item {
  return exchange(name, (way) => exchangeHttp2(way.http2, way.endpoint, what), exceptions);
}

/** Anything else: it is equal without exceptions. */
export function same(name: string, observe: Item["observe"], fails: Item["fails"] = {}): Item {
  return { name, observe, allowed: (direct) => direct, fails };
}

/** A conversation over TCP. */
export function tcp(
  name: string,
  talk: (client: TcpEnd, server: TcpEnd) => Promise<unknown>,
  fails: Item["fails"] = {},
): Item {
  return same(name, (way) => converse(way.tcp, way.endpoint, talk), fails);
}

/** These belong to one connection, not to the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive"];

/** An exchange without what has no meaning: names of headers in order, those with the same name as they came. */
function comparable({ seen, answered }: Exchange): Exchange {
  const ignored = new Set(HOP_BY_HOP);
  const headers = (lines: readonly Header[]): Header[] =>
    lines
      .filter(([name]) => !ignored.has(name.toLowerCase()))
      .toSorted(([left], [right]) => left.toLowerCase().localeCompare(right.toLowerCase()));
  return {
    seen: seen.map((request) => ({ ...request, headers: headers(request.headers) })),
    answered: {
      ...answered,
      headers: headers(answered.headers),
      early: answered.early.map((one) => ({ ...one, headers: headers(one.headers) })),
    },
  };
}

const lowerCase = (lines: readonly Header[]): Header[] =>
  lines.map(([name, value]): Header => [name.toLowerCase(), value]);

/** What may become of an exchange on every way: x-forwarded-for is added, and names of trailers have no case. */
function passedOn(direct: Exchange, through: Through): Exchange {
  const { seen, answered } = direct;
  const exchanged = {
    seen: seen.map((request) => ({
      ...request,
      headers: forwarded(request.headers),
      trailers: lowerCase(request.trailers),
    })),
    answered: { ...answered, trailers: lowerCase(answered.trailers) },
  };
  return through === "local" ? exchanged : betweenSites(exchanged);
}

/** Between sites it is HTTP/2: names of headers have no case, and Envoy gives its own reasons. */
function betweenSites({ seen, answered }: Exchange): Exchange {
  const { status, reason } = answered;
  const unknownToEnvoy = status === 299 || status === 451;
  return {
    seen: seen.map((request) => ({ ...request, headers: lowerCase(request.headers) })),
    answered: {
      ...answered,
      reason: reason === "" ? "" : unknownToEnvoy ? "Unknown" : (STATUS_CODES[status] ?? ""),
      headers: lowerCase(answered.headers),
      early: answered.early.map((one) => ({ ...one, headers: lowerCase(one.headers) })),
    },
  };
}

function forwarded(headers: readonly Header[]): Header[] {
  const isIt = ([name]: Header): boolean => name.toLowerCase() === "x-forwarded-for";
  const [name, before] = headers.find(isIt) ?? ["x-forwarded-for"];
  const value = before === undefined ? CLIENT_ADDRESS : `${before},${CLIENT_ADDRESS}`;
  return [...headers.filter((line) => !isIt(line)), [name, value]];
}

/** The endpoint sees a Host, which HTTP/1.1 needs. */
export const HOST_ADDED: Exceptions = {
  but: ({ seen, answered }, through) => ({
    seen: seen.map((request) => ({ ...request, headers: [...request.headers, ["host", `${through}-http.shop`]] })),
    answered,
  }),
};

/** The client sees `line` as well. */
export function answeredWith(line: Header): Exceptions {
  const but = ({ seen, answered }: Exchange): Exchange => ({
    seen,
    answered: { ...answered, headers: [...answered.headers, line] },
  });
  return { but };
}

/** Cookies come in one line, as HTTP/2 lets a gateway do (RFC 9113, 8.2.3). */
export const COOKIES_JOINED: Exceptions = {
  but: ({ seen, answered }) => ({
    seen: seen.map((request) => ({
      ...request,
      headers: [
        ...request.headers.filter(([name]) => name !== "cookie"),
        ["cookie", request.headers.flatMap(([name, value]) => (name === "cookie" ? [value] : [])).join("; ")],
      ],
    })),
    answered,
  }),
};

/** The same reason on both ways. */
export const always = (reason: string): Exceptions => ({ fails: { local: reason, peer: reason } });

/** The framing of a body without a length. */
export const CHUNKED: Header = ["Transfer-Encoding", "chunked"];
/** Headers as they are written: `Name: value`. */
export function lines(...written: readonly string[]): Header[] {
  return written.map((line): Header => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
}

/** Different headers of one length. */
export const numbered = (count: number, size: number): Header[] =>
  Array.from({ length: count }, (_, index) => [`X-Many-${index}`, "v".repeat(size)]);

/** A handshake and two words in each direction, the last one after the other side has heard the first. */
export function upgrade(name: string, protocol: string, exceptions: Exceptions = {}): Item {
  return exchange(name, (way) => upgraded(way, protocol, "/upgrade", Promise.resolve()), exceptions);
}

export async function upgraded(way: Way, protocol: string, target: string, quiet: Promise<unknown>): Promise<Exchange> {
  const seen = new Promise<SeenRequest>((resolve, reject) => {
    way.endpoint.answerUpgrade(target, async (socket, { method = "", rawHeaders }) => {
      const own = [DATE, ["Upgrade", protocol], ["Connection", "Upgrade"], ["X-Own", "1"]];
      const lines = own.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\nwelcome`);
      let body = "";
      socket.on("data", (chunk: Buffer) => {
        body += chunk.toString("latin1");
        if (body === "hello") socket.write("answer");
        if (body === "hellobye") socket.end("farewell");
      });
      socket.on("close", () => resolve({ method, target, headers: headerLines(rawHeaders), body, trailers: [] }));
      socket.on("error", reject);
    });
  });
  const client = connectClient(way.http);
  const own = [HOST, ["Upgrade", protocol], ["Connection", "Upgrade"], ["Sec-WebSocket-Key", "a"]];
  client.say(`GET ${target} HTTP/1.1\r\n${own.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  await client.hear("welcome");
  await quiet;
  client.say("hello");
  await client.hear("answer");
  client.say("bye");
  await client.hear("farewell");
  await client.stopped;
  client.socket.end();
  return { seen: [await seen], answered: parseAnswer(client.received) };
}

/** A request as written here, and everything that comes back until the connection ends. */
export function raw(name: string, text: string, exceptions: Exceptions = {}): Item {
  const observe = async (way: Way): Promise<Exchange> => {
    const seen = way.endpoint.answer("/", reply(OK));
    const client = connectClient(way.http);
    client.say(text);
    await client.stopped;
    client.socket.destroy();
    return { seen: [...seen], answered: parseAnswer(client.received) };
  };
  return exchange(name, observe, exceptions);
}

/** What the client saw, and what the endpoint heard. A read that is slow may be asked for more than once: that is hedging. */
export function lasting(name: string, asked: Partial<Asked>, answer: Answer): Item {
  return same(name, async (way) => {
    const target = `/lasting/${encodeURIComponent(name)}/${way.name}`;
    const headers = [HOST, ...(asked.headers ?? [])];
    const { seen, answered } = await exchangeHttp1(way.http, way.endpoint, {
      asked: { ...asked, target, headers },
      answer,
    });
    return [answered.status, answered.body, ...new Set(seen.map(({ body }) => body))];
  });
}

/** Whether an answer came to its proper end. */
export function howItEnds(answered: Promise<unknown>): Promise<"whole" | "cut off"> {
  return answered.then(
    () => "whole",
    () => "cut off",
  );
}

/** A client goes away while it waits. Ends when the endpoint notices. */
export async function leave(way: Way): Promise<string> {
  const client = connectClient(way.http);
  await new Promise((resolve) => {
    way.endpoint.answer("/leave", ({ response }) => {
      response.on("close", resolve);
      client.socket.destroy();
    });
    client.say("GET /leave HTTP/1.1\r\nHost: shop\r\n\r\n");
  });
  return "noticed";
}

/** Answers a stream when the request is whole. */
export function replyStream(headers: OutgoingHttpHeaders, body: string | (() => Iterable<Buffer>)): StreamAnswer {
  return async (stream, whole) => {
    await whole;
    stream.respond({ ":status": 200, date: DATE[1], ...headers }, { endStream: body === "" });
    if (typeof body === "function") await pipeline(Readable.from(body()), stream);
    else if (body !== "") stream.end(body);
  };
}

/** A call as gRPC clients make it. */
export const GRPC: Asked = {
  method: "POST",
  target: "/shop.Cart/Add",
  headers: lines("content-type: application/grpc", "te: trailers", "grpc-timeout: 900S", "x-bin: a", "x-bin: b"),
};

function respondGrpc(stream: ServerHttp2Stream, status: string): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc", date: DATE[1] }, { waitForTrailers: true });
  stream.on("wantTrailers", () =>
    stream.sendTrailers({ "grpc-status": status, "grpc-message": "m%20m", "x-bin": ["c", "d"] }),
  );
}

/** Answers a call with one message and a status. */
export function grpc(status: string, message: string): StreamAnswer {
  return (stream) => {
    respondGrpc(stream, status);
    stream.end(message);
  };
}

/** Answers each message of a call when it comes. */
export const echoGrpc: StreamAnswer = (stream) => {
  respondGrpc(stream, "0");
  stream.on("data", (chunk: Buffer) => stream.write(`re: ${String(chunk)}; `)).on("end", () => stream.end());
};
