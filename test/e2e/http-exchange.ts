/**
 * One request and its answer, as the endpoint saw the one and the client the other.
 * @module
 */
import { once } from "node:events";
import { request as http1Request, type ClientRequest, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type Answer,
  bodyOf,
  type Header,
  headerLines,
  type ReflectingEndpoint,
  type SeenRequest,
  type StreamAnswer,
} from "./reflecting-endpoint.ts";

/** Where a client connects, and from which address. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
}

/** A request. Headers are sent as they are here; only `Connection` is added. */
export interface Asked {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly Header[];
  readonly body?: string | (() => Iterable<Buffer> | AsyncIterable<Buffer>);
  readonly trailers?: readonly Header[];
}

/** An answer as the client saw it. */
export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: string;
  readonly trailers: readonly Header[];
  /** Answers before the last one, such as 100 and 103. */
  readonly early: readonly { readonly status: number; readonly headers: readonly Header[] }[];
}

/** Both sides of an exchange. */
export interface Exchange {
  readonly seen: readonly SeenRequest[];
  readonly answered: Answered;
}

/** A place for HTTP/1.1. @param endpoint answers with `answer` */
export async function exchangeHttp1(
  place: Place,
  endpoint: ReflectingEndpoint,
  what: { readonly asked: Asked; readonly answer: Answer },
): Promise<Exchange> {
  const seen = endpoint.answer(what.asked.target, what.answer);
  const answered = await askHttp1(place, what.asked);
  return { seen: [...seen], answered };
}

/** Sends a request and waits for the end of its answer. Rejects when the answer is cut off. */
export async function askHttp1(place: Place, asked: Asked): Promise<Answered> {
  const early: Answered["early"][number][] = [];
  const waits = asked.headers?.some(([name]) => name.toLowerCase() === "expect") === true;
  const sent = http1Request({
    ...place,
    method: asked.method ?? "GET",
    path: asked.target,
    headers: (asked.headers ?? []).flat(),
    setDefaultHeaders: false,
    maxHeaderSize: 262_144,
    agent: false,
  });
  sent.on("information", ({ statusCode, rawHeaders }: { statusCode: number; rawHeaders: string[] }) =>
    early.push({ status: statusCode, headers: headerLines(rawHeaders) }),
  );
  const answer = answerTo(sent);
  if (asked.trailers !== undefined)
    sent.addTrailers(asked.trailers.map(([name, value]): [string, string] => [name, value]));
  if (waits) {
    sent.flushHeaders();
    // A refusal comes instead of the word to go on.
    await Promise.race([once(sent, "continue"), answer]);
  }
  const refused = waits && !early.some(({ status }) => status === 100);
  const body = typeof asked.body === "function" ? asked.body() : [Buffer.from(asked.body ?? "")];
  const [response] = await Promise.all([answer, refused ? undefined : pipeline(Readable.from(body), sent)]);
  const answered = {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    headers: headerLines(response.rawHeaders),
    body: await bodyOf(response),
    trailers: headerLines(response.rawTrailers),
    early,
  };
  if (refused) sent.destroy();
  return answered;
}

async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

/** An answer without chunks as it is on the wire. */
export function parseAnswer(text: string): Answered {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [start = "", ...lines] = head.split("\r\n");
  const [, status = "", reason = ""] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(start) ?? [];
  const headers = lines.map(
    (line): Header => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()],
  );
  return { status: Number(status), reason, headers, body: rest.join("\r\n\r\n"), trailers: [], early: [] };
}

/** A request on a stream of its own HTTP/2 connection. */
export async function exchangeHttp2(
  place: Place,
  endpoint: ReflectingEndpoint,
  what: {
    readonly asked: Asked;
    readonly answer: StreamAnswer;
    readonly talk?: (stream: ClientHttp2Stream) => unknown;
  },
): Promise<Exchange> {
  const seen = endpoint.answerStream(what.asked.target, what.answer);
  const session = openHttp2(place);
  try {
    const answered = await askHttp2(session, what.asked, what.talk);
    return { seen: [...seen], answered };
  } finally {
    session.destroy();
  }
}

/** An HTTP/2 connection without TLS, by prior knowledge. */
export function openHttp2(place: Place): ClientHttp2Session {
  const session = connectHttp2(`http://${place.host}:${place.port}`, {
    createConnection: () => connectTcp(place),
    settings: { maxHeaderListSize: 262_144, enablePush: false },
    maxHeaderListPairs: 4_096,
  });
  // Its streams fail as well, and somebody waits for those.
  session.on("error", () => session.destroy());
  return session;
}

/** Sends a request on a stream. `talk` writes its body and ends it, if it is more than `asked.body`. */
export async function askHttp2(
  session: ClientHttp2Session,
  asked: Asked,
  talk?: (stream: ClientHttp2Stream) => unknown,
): Promise<Answered> {
  const { trailers } = asked;
  const lines = Object.groupBy(asked.headers ?? [], ([name]) => name);
  const stream = session.request(
    {
      ":method": asked.method ?? "GET",
      ":path": asked.target,
      ":authority": "shop.example",
      ...Object.fromEntries(
        Object.entries(lines).map(([name, values = []]) => [
          name,
          values.length === 1 ? values[0]?.[1] : values.map(([, value]) => value),
        ]),
      ),
    },
    { waitForTrailers: trailers !== undefined, endStream: false },
  );
  if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(Object.fromEntries(trailers)));
  const early: Answered["early"][number][] = [];
  stream.on("headers", (headers, _flags, ...[flat = []]: string[][]) =>
    early.push({ status: Number(headers[":status"]), headers: headerLines(flat) }),
  );
  const ended: Header[] = [];
  stream.on("trailers", (_headers, _flags, ...[flat = []]: string[][]) => ended.push(...headerLines(flat)));
  const send = async (): Promise<unknown> => {
    if (talk !== undefined) return talk(stream);
    if (typeof asked.body === "function") return pipeline(Readable.from(asked.body()), stream);
    return stream.end(asked.body ?? "");
  };
  const [[headers, , flat], body] = await Promise.all([
    once(stream, "response") as Promise<[Record<string, unknown>, number, string[]]>,
    bodyOf(stream),
    send(),
  ]);
  return {
    status: Number(headers[":status"]),
    reason: "",
    headers: headerLines(flat),
    body,
    trailers: ended,
    early,
  };
}
