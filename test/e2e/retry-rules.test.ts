/**
 * The retry rules with real Envoys: which request is sent again, how often and where, counted at the endpoints.
 * @module
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS, type LabSite } from "../../src/apps/lab/network/layout.ts";
import { type Answered, type Asked, askHttp1, askHttp2, openHttp2, type Place } from "./http-exchange.ts";
import {
  type Answer,
  CHECK_PATH,
  REFLECTING_PORTS,
  ReflectingEndpoint,
  type SeenRequest,
  type StreamAnswer,
} from "./reflecting-endpoint.ts";
import { serviceDocuments } from "./service-manifests.ts";
import { replyStream } from "./transparency-item.ts";

/** A request, what happens to it at each endpoint of the clients' site, and what it comes to. */
interface Rule {
  readonly what: string;
  readonly asked: Omit<Asked, "target">;
  /** `spec.retry` of the policy. */
  readonly retry?: Readonly<Record<string, unknown>>;
  readonly here: Answer | StreamAnswer;
  readonly http2?: boolean;
  /** How often the request reached the endpoints of the two sites. */
  readonly tries: readonly [here: number, there: number];
  /** HTTP status of the client, or of a gRPC call `grpc-status: N`. */
  readonly status: number | string;
}

const PREFIX = "127.68";
const HERE = [`${PREFIX}.3.1`, `${PREFIX}.3.2`] as const;
const THERE = `${PREFIX}.4.1`;
const OVERLOADED = { "x-envoy-overloaded": "true" };
const KEY = [["Idempotency-Key", "1"]] as const;
const KEYED = { idempotencyHeader: "Idempotency-Key" };
const GRPC_CALL = {
  method: "POST",
  headers: [
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ],
} as const;

const replies =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  async ({ response, whole }) => {
    await whole;
    response.writeHead(status, headers).end();
  };
const resets: Answer = async ({ request, whole }) => {
  await whole;
  request.socket.resetAndDestroy();
};
const staysSilent: Answer = () => {};
const callEnds = (status: string): StreamAnswer =>
  replyStream({ "content-type": "application/grpc", "grpc-status": status }, "");

/** Two endpoints here, one there, `attempts` 3: a try in each site, or four in this one. */
const RULES: readonly Rule[] = [
  ...["GET", "HEAD", "OPTIONS"].map(
    (method): Rule => ({ what: `${method}, 503`, asked: { method }, here: replies(503), tries: [1, 1], status: 200 }),
  ),
  { what: "GET, reset", asked: {}, here: resets, tries: [1, 1], status: 200 },
  {
    what: "GET, no answer within perTryTimeout",
    asked: {},
    retry: { perTryTimeout: "250ms" },
    here: staysSilent,
    tries: [1, 1],
    status: 200,
  },
  {
    what: "GET, 500: the application's own business",
    asked: {},
    here: replies(500),
    tries: [1, 0],
    status: 500,
  },
  { what: "GET, 429", asked: {}, here: replies(429), tries: [1, 0], status: 429 },
  {
    what: "GET, overload",
    asked: {},
    here: replies(503, OVERLOADED),
    tries: [1, 0],
    status: 503,
  },
  { what: "GET, attempts 0", asked: {}, retry: { attempts: 0 }, here: replies(503), tries: [1, 0], status: 503 },
  ...["PUT", "DELETE"].flatMap((method): Rule[] => [
    { what: `${method}, 503: in this site only`, asked: { method }, here: replies(503), tries: [4, 0], status: 503 },
    { what: `${method}, reset: in this site only`, asked: { method }, here: resets, tries: [4, 0], status: 503 },
    {
      what: `${method}, 503, crossSiteWrites`,
      asked: { method },
      retry: { crossSiteWrites: true },
      here: replies(503),
      tries: [1, 1],
      status: 200,
    },
    {
      what: `${method}, overload`,
      asked: { method },
      here: replies(503, OVERLOADED),
      tries: [1, 0],
      status: 503,
    },
    {
      what: `${method}, attempts 0`,
      asked: { method },
      retry: { attempts: 0 },
      here: replies(503),
      tries: [1, 0],
      status: 503,
    },
  ]),
  ...["POST", "PATCH"].flatMap((method): Rule[] => [
    { what: `${method}, 503`, asked: { method }, here: replies(503), tries: [1, 0], status: 503 },
    { what: `${method}, reset`, asked: { method }, here: resets, tries: [1, 0], status: 503 },
    {
      what: `${method} with the idempotency header, 503`,
      asked: { method, headers: KEY },
      retry: KEYED,
      here: replies(503),
      tries: [1, 1],
      status: 200,
    },
  ]),
  {
    what: "POST without the idempotency header that the policy names, 503",
    asked: { method: "POST" },
    retry: KEYED,
    here: replies(503),
    tries: [1, 0],
    status: 503,
  },
  {
    what: "a gRPC call, UNAVAILABLE",
    asked: GRPC_CALL,
    http2: true,
    here: callEnds("14"),
    tries: [1, 0],
    status: "grpc-status: 14",
  },
  {
    what: "a gRPC call with the idempotency header, UNAVAILABLE",
    asked: { ...GRPC_CALL, headers: [...GRPC_CALL.headers, ...KEY] },
    retry: KEYED,
    http2: true,
    here: callEnds("14"),
    tries: [1, 1],
    status: "grpc-status: 0",
  },
];

let lab: Lab;
const endpointsHere: ReflectingEndpoint[] = [];
let endpointThere: ReflectingEndpoint;

beforeAll(async () => {
  for (const address of HERE) endpointsHere.push(await ReflectingEndpoint.listen(address));
  endpointThere = await ReflectingEndpoint.listen(THERE);
  const directory = await mkdtemp(join(tmpdir(), "td-"));
  lab = await Lab.up({ ...LAB_DEFAULTS, directory, prefix: PREFIX }, () => {});
  // A service for each rule: endpoints that fail are ejected, which the next rule should not notice.
  for (const site of lab.sites) await writeFile(join(site.manifests, "rules.yaml"), manifests(site));
  await vi.waitUntil(async () => (await servicesThatAreWell()).length === RULES.length, {
    timeout: 100_000,
    interval: 100,
  });
}, 180_000);

/** Those that this site serves, with all endpoints and gateways of both sites. */
async function servicesThatAreWell(): Promise<readonly string[]> {
  const [gateway] = lab.sites[0].gateways;
  if (gateway === undefined) throw new Error("west has no gateway");
  const { services } = await lab.status(gateway);
  return services
    .filter(({ servingSite, sites }) => {
      const areWell = sites.every(({ healthy, total }) => total === 2 && healthy === total);
      return servingSite === "west" && areWell;
    })
    .map(({ service }) => service)
    .filter((service) => service.startsWith("rules/"));
}

afterAll(async () => {
  await Lab.down(lab.options.directory);
  for (const endpoint of [...endpointsHere, endpointThere]) endpoint.close();
});

test.each(RULES.map((rule, index) => [rule.what, rule, index] as const))("%s", async (_what, rule, index) => {
  // A busy machine may have missed checks since.
  await vi.waitUntil(
    async () => (await servicesThatAreWell()).some((service) => service.startsWith(`rules/rule-${index}/`)),
    {
      timeout: 40_000,
      interval: 100,
    },
  );
  const target = `/rule-${index}`;
  const seenHere = endpointsHere.map((endpoint) => answerWith(endpoint, target, rule));
  const seenThere = endpointThere.answer(target, replies(200));
  const callsThere = endpointThere.answerStream(target, callEnds("0"));
  const answered = await ask(rule, { ...rule.asked, target }, index);
  const callStatus = answered.headers.find(([name]) => name === "grpc-status")?.[1];
  expect({
    status: rule.http2 === true ? `grpc-status: ${callStatus}` : answered.status,
    tries: [seenHere.flat().length, seenThere.length + callsThere.length],
  }).toEqual({ status: rule.status, tries: rule.tries });
});

function answerWith(endpoint: ReflectingEndpoint, target: string, { here, http2 }: Rule): readonly SeenRequest[] {
  return http2 === true ? endpoint.answerStream(target, here as StreamAnswer) : endpoint.answer(target, here as Answer);
}

async function ask({ http2 }: Rule, asked: Asked, index: number): Promise<Answered> {
  const host = lab.targets("http")[0]?.address.split(":")[0] ?? "";
  const place: Place = { host, port: listenPort(index), localAddress: `${PREFIX}.0.9` };
  if (http2 !== true) return askHttp1(place, { ...asked, headers: [["Host", "shop"], ...(asked.headers ?? [])] });
  const session = openHttp2(place);
  try {
    return await askHttp2(session, asked);
  } finally {
    session.destroy();
  }
}

function listenPort(index: number): number {
  return 12_000 + index;
}

function manifests(site: LabSite): string {
  const documents = RULES.flatMap(({ http2, retry }, index) =>
    serviceDocuments({
      namespace: "rules",
      name: `rule-${index}`,
      ports: [{ name: "web", port: REFLECTING_PORTS[http2 === true ? "http2" : "http"] }],
      appProtocol: http2 === true ? "kubernetes.io/h2c" : "http",
      listen: String(listenPort(index)),
      addresses: site.name === "west" ? HERE : [THERE],
      // Patient, so that no site is given up and no read is slow because the machine is busy; the rule about slow ones has its own.
      healthCheck: { http: { path: CHECK_PATH }, timeout: "5s", unhealthyThreshold: 10 },
      retry: { perTryTimeout: "20s", ...retry },
    }),
  );
  return documents.map((document) => stringify(document)).join("---\n");
}
