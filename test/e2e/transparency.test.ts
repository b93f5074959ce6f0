/**
 * What worked without the gateway works with it: each exchange is made directly, through the gateway to a local endpoint,
 * and through two gateways to an endpoint of the other site, and what both sides see must be equal. `docs/transparency.md`
 * says what may differ; `passedOn` in transparency-item.ts is the same as code.
 * @module
 */
import type { ClientHttp2Stream } from "node:http2";
import { setTimeout as pass } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askHttp1, askHttp2, exchangeHttp1, exchangeHttp2, openHttp2 } from "./http-exchange.ts";
import { connectClient } from "./tcp-conversation.ts";
import {
  always,
  answeredWith,
  CHUNKED,
  COOKIES_JOINED,
  DATE,
  echoGrpc,
  everySecond,
  GRPC,
  grpc,
  HOST,
  HOST_ADDED,
  howItEnds,
  http1,
  http2,
  type Item,
  lasting,
  leave,
  lines,
  megabytes,
  numbered,
  OK,
  raw,
  reply,
  replyStream,
  same,
  tcp,
  type Through,
  upgrade,
  upgraded,
} from "./transparency-item.ts";
import { TransparencyLab, type WayName } from "./transparency-lab.ts";

/** How long quiet things are quiet and streams go on, in seconds. */
const LONG = 120;

let lab: TransparencyLab;
/** Observations that take long, under way since the start. */
const started = new Map<Item, Readonly<Record<WayName, Promise<unknown>>>>();

beforeAll(async () => {
  lab = await TransparencyLab.up();
  for (const item of LASTING) {
    const { direct, local, peer } = lab.ways;
    const observed = { direct: item.observe(direct), local: item.observe(local), peer: item.observe(peer) };
    // Whoever asks for them later gets the error; until then it is nobody's.
    for (const promise of Object.values(observed)) promise.catch(() => {});
    started.set(item, observed);
  }
}, 120_000);

afterAll(() => lab.down());

const TEXT = { headers: lines("Content-Length: 6"), body: "reason" };
const HELLO = { headers: lines("Content-Length: 5"), body: "hello" };
const EXPECT = { ...HELLO, method: "POST", headers: lines("Expect: 100-continue", "Content-Length: 5") };
const BIG = { headers: lines("Content-Length: 100000000"), body: () => megabytes(100) };
const BIG_IN_CHUNKS = { headers: [CHUNKED], body: () => megabytes(100) };
const GZIPPED = gzipSync("compressed ".repeat(100));

const HEADERS: readonly Item[] = [
  http1(
    "case of names",
    { headers: lines("X-UPPER: 1", "x-Mixed-cASE: 2") },
    { headers: lines("ETAG: 1", "x-mIXED: 2") },
  ),
  http1(
    "one name twice",
    { headers: lines("X-Two: 1", "X-Two: 2") },
    { headers: lines("Set-Cookie: a=1", "Set-Cookie: b") },
  ),
  http1(
    "one name twice that Envoy knows",
    { headers: lines("Accept: a/b", "Accept: c/d") },
    { headers: lines("Vary: a", "Vary: b") },
    always("Envoy joins them by commas, which means the same (RFC 9110, 5.3)"),
  ),
  http1("empty values", { headers: lines("X-Empty:") }, { headers: lines("X-Empty:") }),
  http1("bytes beyond ASCII", { headers: lines("X-Latin: caf\u00e9") }, { headers: lines("X-Latin: caf\u00e9") }),
  http1("underscores", { headers: lines("X_Under_Score: 1") }, { headers: lines("X_Under_Score: 1") }),
  http1("any Host", { headers: lines("Host: UPPER.example_:8080") }),
  http1("an IPv6 Host", { headers: lines("Host: [2001:db8::1]:80") }),
  http1("cookies, credentials", { headers: lines("Cookie: a=1; b=2", "Authorization: Bearer x", "Range: bytes=0-") }),
  http1("x-forwarded-for of the client", { headers: lines("X-Forwarded-For: 192.0.2.1, 192.0.2.2") }),
  http1("x-forwarded-proto of the client", { headers: lines("X-Forwarded-Proto: https") }),
  http1("x-forwarded-proto of the client in a write", {
    ...HELLO,
    method: "PUT",
    headers: lines("X-Forwarded-Proto: https", "Content-Length: 5"),
  }),
  http1("other ways of forwarding", {
    headers: lines("X-Forwarded-Host: a", "X-Forwarded-Port: 1", "Forwarded: for=a"),
  }),
  http1("via, x-real-ip, user-agent", { headers: lines("Via: 1.1 a", "X-Real-Ip: 192.0.2.1", "User-Agent: a/1") }),
  http1("x-request-id and traces", { headers: lines("X-Request-Id: a", "Traceparent: 00-a-b-01", "X-B3-Traceid: a") }),
  http1("a client certificate", { headers: lines("X-Forwarded-Client-Cert: By=a") }),
  http1(
    "x-envoy-* of the client",
    { headers: lines("X-Envoy-Original-Path: /a", "X-Envoy-Internal: true") },
    OK,
    always("Envoy takes them as orders, such as to retry, and lets no client give any"),
  ),
  http1(
    "server, via, x-request-id of the endpoint",
    {},
    { headers: lines("Server: a/1", "Via: 1.1 b", "X-Request-Id: a") },
  ),
  http1("x-envoy-* of the endpoint", {}, { headers: lines("X-Envoy-Upstream-Service-Time: 7") }),
  http1(
    "no date from the endpoint",
    {},
    ({ response }) => {
      response.sendDate = false;
      response.writeHead(200, ["Content-Length", "0"]).end();
    },
    always("Envoy adds one, as RFC 9110, 6.6.1 lets it"),
  ),
  same("no header of Tandem's own", async (way) => {
    const asked = { target: "/own", headers: [HOST] };
    const { seen } = await exchangeHttp1(way.http, way.endpoint, { asked, answer: reply(OK) });
    return seen.map(({ headers }) => headers.filter(([name]) => name.toLowerCase().startsWith("tandem-")));
  }),
  http1("60 KB in 30 headers", { headers: numbered(30, 2_000) }, { headers: numbered(30, 2_000) }),
  http1("60 KB in one header", { headers: numbered(1, 60_000) }, { headers: numbered(1, 60_000) }),
  // With Host and Connection; with Date, Connection and Keep-Alive.
  http1("1,000 headers", { headers: numbered(998, 1) }, { headers: numbered(997, 1) }),
];

const MESSAGES: readonly Item[] = [
  http1("a path that could be made normal", { target: "//a/../b%2f%2F/./c\\d//?x=%20&y=a+b" }),
  http1("a query of odd characters", { target: "/?a[]=1&b={}|^`\"<>'&c=%zz" }),
  http1("a target of 50 KB", { target: `/${"long/".repeat(10_000)}` }),
  http1("a fragment", { target: "/#a" }, OK, always("Envoy answers 400: a target has none (RFC 9112, 3.2)")),
  http1("OPTIONS *", { method: "OPTIONS", target: "*" }, OK, always("Envoy serves paths only, and answers 404")),
  http1("another method", { ...HELLO, method: "PROPFIND" }),
  http1("HEAD with a length", { method: "HEAD" }, { headers: lines("Content-Length: 12345") }),
  http1("GET with a body", HELLO),
  http1("POST without a body", { method: "POST", headers: lines("Content-Length: 0") }),
  http1("100-continue", EXPECT),
  http1("100-continue refused", EXPECT, { ...TEXT, status: 417 }),
  http1("103 early hints", {}, (arrival) => {
    arrival.response.writeEarlyHints({ link: "</a.css>; rel=preload" });
    return reply(OK)(arrival);
  }),
  http1("204", { method: "DELETE" }, { status: 204 }),
  http1("206", { headers: lines("Range: bytes=0-5") }, { ...TEXT, status: 206 }),
  http1("302", {}, { status: 302, headers: lines("Location: http://10.0.0.1:8081/x?y=//", "Content-Length: 0") }),
  http1("304 with a length", {}, { status: 304, headers: lines('ETag: "a"', "Content-Length: 7") }),
  ...[400, 401, 404, 409, 413, 429, 451, 500].map((status) => http1(`${status}, asked once`, {}, { ...TEXT, status })),
  ...[500, 502, 503, 504].map((status) =>
    http1(`${status} to POST, asked once`, { ...HELLO, method: "POST" }, { ...TEXT, status }),
  ),
  http1("500 to PUT, asked once", { ...HELLO, method: "PUT" }, { ...TEXT, status: 500 }),
  http1("a reason of its own", {}, { ...TEXT, status: 299, reason: "Quite Fine" }),
  http1("chunks", { method: "POST", headers: [CHUNKED], body: "in" }, { headers: [CHUNKED], body: "out" }),
  http1(
    "trailers",
    {
      method: "POST",
      headers: [CHUNKED, ...lines("TE: trailers", "Trailer: X-Sum")],
      body: "b",
      trailers: lines("X-Sum: 1"),
    },
    { headers: [CHUNKED, ...lines("Trailer: X-Sum")], body: "b", trailers: lines("X-Sum: 2") },
  ),
  http1(
    "a compressed body",
    { headers: lines("Accept-Encoding: gzip, br") },
    { headers: lines("Content-Encoding: gzip", `Content-Length: ${GZIPPED.length}`), body: GZIPPED },
  ),
  http1(
    "a body that ends with its connection",
    {},
    ({ response }) => {
      response.sendDate = false;
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, [DATE, ["Connection", "close"]].flat()).end("until the end");
    },
    answeredWith(["transfer-encoding", "chunked"]),
  ),
  http1("100 MB up", { ...BIG, method: "POST" }),
  http1("100 MB up in a write", { ...BIG, method: "PUT" }),
  http1("100 MB up in chunks", { ...BIG_IN_CHUNKS, method: "POST" }),
  http1("100 MB down", {}, BIG),
  http1("100 MB down in chunks", {}, BIG_IN_CHUNKS),
  upgrade("WebSocket", "websocket"),
  upgrade("SPDY, as kubectl exec speaks it", "SPDY/3.1"),
  upgrade("tcp, as docker attach speaks it", "tcp"),
  upgrade("an upgrade to anything else", "own/1", always("Envoy wants the names of protocols, and answers 403")),
  raw("HTTP/1.0", "GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n"),
  raw("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", HOST_ADDED),
  raw("Connection: close", "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"),
  same("a kept connection, and requests before answers", async (way) => {
    const targets = ["/first", "/second", "/third"];
    for (const target of targets)
      way.endpoint.answer(target, reply({ headers: lines(`Content-Length: ${target.length}`), body: target }));
    const client = connectClient(way.http);
    client.say("GET /first HTTP/1.1\r\nHost: shop\r\n\r\n");
    await client.hear("\r\n\r\n/first");
    client.say("GET /second HTTP/1.1\r\nHost: shop\r\n\r\nGET /third HTTP/1.1\r\nHost: shop\r\n\r\n");
    await client.hear("\r\n\r\n/third");
    client.socket.destroy();
    return client.received.match(/\r\n\r\n\/[a-z]+/g);
  }),
  ...["Content-Length: 100", "Transfer-Encoding: chunked"].map((framing) =>
    same(`an answer that is cut off, ${framing}`, async (way) => {
      way.endpoint.answer("/cut", ({ response }) => {
        response.writeHead(200, [DATE, ...lines(framing)].flat()).write("half", () => response.destroy());
      });
      return howItEnds(askHttp1(way.http, { target: "/cut", headers: [HOST] }));
    }),
  ),
  same("a client that goes away", leave),
];

const HTTP2: readonly Item[] = [
  http2("headers", {
    asked: { target: "//a/../b%2f?x=%20", headers: lines("x-two: 1", "x-two: 2", "x-forwarded-proto: https") },
    answer: replyStream({ ":status": 299, "set-cookie": ["a=1", "b=2"], server: "mine" }, "ok"),
  }),
  http2(
    "cookies one by one",
    { asked: { target: "/cookies", headers: lines("cookie: a=1", "cookie: b=2") }, answer: replyStream({}, "ok") },
    COOKIES_JOINED,
  ),
  http2("1,000 headers", {
    asked: { target: "/many", headers: numbered(996, 1).map(([name, value]) => [name.toLowerCase(), value]) },
    answer: replyStream({}, "ok"),
  }),
  http2("103 early hints", {
    asked: { target: "/hints" },
    answer: (stream, whole) => {
      stream.additionalHeaders({ ":status": 103, link: "</a.css>; rel=preload" });
      return replyStream({}, "ok")(stream, whole);
    },
  }),
  http2("100 MB both ways", {
    asked: { method: "POST", target: "/big", body: () => megabytes(100) },
    answer: replyStream({}, () => megabytes(100)),
  }),
  http2("trailers of the request", {
    asked: { method: "POST", target: "/trailers", body: "b", trailers: lines("x-sum: 1") },
    answer: replyStream({}, ""),
  }),
  http2("gRPC, one message each way", { asked: { ...GRPC, body: "question" }, answer: grpc("0", "answer") }),
  http2("gRPC, an error after messages", { asked: { ...GRPC, body: "question" }, answer: grpc("13", "half") }),
  ...["5", "14"].map((status) =>
    http2(`gRPC, status ${status} at once`, {
      asked: { ...GRPC, body: "question" },
      answer: replyStream({ "content-type": "application/grpc", "grpc-status": status }, ""),
    }),
  ),
  http2("gRPC, messages in turn", {
    asked: GRPC,
    answer: echoGrpc,
    talk: (stream) => {
      let turn = 0;
      const next = (): unknown => (turn < 5 ? stream.write(`message ${(turn += 1)}`) : stream.end());
      stream.on("data", next);
      next();
    },
  }),
  same("a stream that is reset", async (way) => {
    way.endpoint.answerStream("/reset", (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half", () => stream.close(2));
    });
    const session = openHttp2(way.http2);
    const outcome = await howItEnds(askHttp2(session, { target: "/reset" }));
    session.destroy();
    return outcome;
  }),
];

const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

const TCP: readonly Item[] = [
  tcp("every byte both ways", async (client, server) => {
    client.say(everyByte);
    await server.hear(everyByte);
    server.say(everyByte);
    await client.hear(everyByte);
    return [client.received, server.received];
  }),
  tcp("the endpoint speaks first", async (client, server) => {
    server.say("220 ready\r\n");
    await client.hear("220 ready\r\n");
    return client.received;
  }),
  tcp("a client that has said all still hears", async (client, server) => {
    client.socket.end("question");
    const stopped = await server.stopped;
    server.socket.end("answer");
    return [stopped, server.received, await client.stopped, client.received];
  }),
  tcp("an endpoint that has said all still hears", async (client, server) => {
    server.socket.end("greeting");
    const stopped = await client.stopped;
    client.socket.end("question");
    return [stopped, client.received, await server.stopped, server.received];
  }),
  tcp("a reset by the endpoint", async (client, server) => {
    client.say("hello");
    await server.hear("hello");
    server.socket.resetAndDestroy();
    return client.stopped;
  }),
  tcp("a reset by the client", async (client, server) => {
    client.say("hello");
    await server.hear("hello");
    client.socket.resetAndDestroy();
    return server.stopped;
  }),
];

/** What takes two minutes: all of it at once, from the start. */
const LASTING: readonly Item[] = [
  lasting(
    "an answer with an event each second",
    {},
    reply({ headers: [CHUNKED, ...lines("Content-Type: text/event-stream")], body: () => everySecond(LONG) }),
  ),
  lasting(
    "a request with an event each second",
    { method: "POST", headers: [CHUNKED], body: () => everySecond(LONG) },
    reply(OK),
  ),
  ...["GET", "POST"].map((method) =>
    lasting(
      `an answer to ${method} that begins late`,
      { method, ...(method === "GET" ? {} : { headers: lines("Content-Length: 0") }) },
      async (arrival) => {
        await pass(LONG * 1_000);
        await reply(OK)(arrival);
      },
    ),
  ),
  same("a quiet kept connection", async (way) => {
    const target = `/kept/${way.name}`;
    way.endpoint.answer(target, reply(OK));
    const client = connectClient(way.http);
    client.say(`GET ${target} HTTP/1.1\r\nHost: shop\r\n\r\n`);
    await client.hear("\r\n\r\nok");
    await pass(LONG * 1_000);
    client.say(`GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);
    await client.stopped;
    client.socket.destroy();
    return client.received.match(/\r\n\r\nok/g);
  }),
  same("a quiet WebSocket", async (way) => {
    const { seen, answered } = await upgraded(way, "websocket", `/quiet/${way.name}`, pass(LONG * 1_000));
    return [seen.map(({ body }) => body), answered.status, answered.body];
  }),
  same("a quiet gRPC stream", async (way) => {
    const asked = { ...GRPC, target: `/quiet/${way.name}` };
    const talk = async (stream: ClientHttp2Stream): Promise<void> => {
      stream.write("one");
      await pass(LONG * 1_000);
      stream.end("two");
    };
    const { seen, answered } = await exchangeHttp2(way.http2, way.endpoint, { asked, answer: echoGrpc, talk });
    return [seen.map(({ body }) => body), answered.body, answered.trailers];
  }),
  tcp("a quiet TCP connection", async (client, server) => {
    await pass(LONG * 1_000);
    client.say("question");
    await server.hear("question");
    server.say("answer");
    await client.hear("answer");
    return [client.received, server.received];
  }),
  tcp("a TCP connection that was half closed long ago", async (client, server) => {
    client.socket.end("question");
    await server.stopped;
    await pass(LONG * 1_000);
    server.socket.end("answer");
    return [server.received, await client.stopped, client.received];
  }),
];

async function compare(item: Item, through: Through): Promise<void> {
  const under: Partial<Record<WayName, Promise<unknown>>> = started.get(item) ?? {};
  const direct = await (under.direct ?? item.observe(lab.ways.direct));
  const observed = await (under[through] ?? item.observe(lab.ways[through]));
  expect(observed).toEqual(item.allowed(direct, through));
}

const WAYS = [
  ["through the gateway", "local"],
  ["through the gateways of two sites", "peer"],
] as const;

describe.each(WAYS)("%s as without:", (_name, through) => {
  describe.each([
    ["headers", HEADERS],
    ["HTTP/1.1", MESSAGES],
    ["HTTP/2", HTTP2],
    ["TCP", TCP],
  ])("%s:", (_protocol, items) => {
    test.each(items.filter(({ fails }) => fails[through] === undefined))("$name", (item) => compare(item, through));
    const known = items.filter(({ fails }) => fails[through] !== undefined);
    test.fails.each(known)(`$name ($fails.${through})`, (item) => compare(item, through));
  });
});

// Last, since the others fill the time until these end.
describe.each(WAYS)("%s as without, for two minutes:", (_name, through) => {
  test.each(LASTING)("$name", (item) => compare(item, through), 180_000);
});
