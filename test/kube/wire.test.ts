/**
 * The double answers what a real API server (1.36.2) answered, request by request.
 * @module
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "./api/json.ts";
import { type ApiAnswer, ask } from "./api-client.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";
import { WireBindings } from "./wire-bindings.ts";

interface WireExchange {
  readonly case: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly contentType?: string;
    readonly body?: Json;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: Json;
  };
}

const exchanges = JSON.parse(
  readFileSync(new URL("../fixtures/kube-wire/exchanges.json", import.meta.url), "utf8"),
) as readonly WireExchange[];

/** The recorded server wrote something of its own before this request: its counter had moved. */
const OWN_WRITE_BEFORE = "list, label selector, nothing";

/** Recorded without credentials, or with wrong ones. */
const NO_CREDENTIALS = ["no credentials", "bad token"];

/** The definition was served only after this request. */
const ESTABLISHED_AFTER = "list at once after the CRD was created (not established yet)";

describe.each(["https", "http"])("over %s", (scheme) => {
  let cluster: SimulatedCluster;
  const bindings = new WireBindings();

  beforeAll(async () => {
    cluster = await SimulatedCluster.start({
      tls: scheme === "https",
      namespaces: ["wire"],
      establishAfterMs: "never",
      secondMs: 25,
    });
  });
  afterAll(() => cluster.close());

  test.each(exchanges)("$case", async (exchange) => {
    if (exchange.case === OWN_WRITE_BEFORE) cluster.seed("/configmaps", { metadata: { name: "own" } }, "kube-system");
    const { status, headers, text } = await send(cluster, bindings, exchange);
    const { response } = exchange;
    expect(status).toBe(response.status);
    for (const [name, value] of Object.entries(response.headers ?? {})) expect(headers[name]).toBe(value);
    const seen = bodyOf(text, response.body);
    expect(seen).toEqual(bindings.expected(response.body, seen));
    if (exchange.case === ESTABLISHED_AFTER) cluster.establish("widgets.wire.dev");
  });
});

function send(
  cluster: SimulatedCluster,
  bindings: WireBindings,
  { case: name, request }: WireExchange,
): Promise<ApiAnswer> {
  const { method, path, contentType, body, headers = {} } = request;
  const token = NO_CREDENTIALS.includes(name) ? undefined : cluster.token();
  return ask(
    { url: cluster.url, caPem: cluster.caPem, token },
    {
      method,
      path: bindings.translate(path),
      ...(contentType === undefined ? {} : { contentType }),
      ...(body === undefined ? {} : { body: JSON.parse(bindings.translate(JSON.stringify(body))) as Json }),
      headers: Object.fromEntries(Object.entries(headers).map(([field, value]) => [field.toLowerCase(), value])),
    },
  );
}

/** A watch's lines as a list, as they were recorded; a text that is no JSON as it is. */
function bodyOf(text: string, recorded: Json): Json {
  if (typeof recorded === "string") return text;
  if (!Array.isArray(recorded)) return JSON.parse(text) as Json;
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
}
