/**
 * Who is turned away: real certificates and real TLS clients against a real gateway.
 * @module
 */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, get, type IncomingHttpHeaders, type Server as HttpServer } from "node:http";
import { connect as connectTcp, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { callLocal } from "../../src/adapters/http/local-client.ts";
import { callPeer, connectToPeer } from "../../src/adapters/peers/peer-connection.ts";
import { REDEEM_PATH } from "../../src/adapters/peers/redemption.ts";
import {
  createAuthority,
  createRequest,
  issueLeaf,
  type PemPair,
} from "../../src/adapters/pki/certificate-authority.ts";
import { readLeaf } from "../../src/adapters/pki/leaf-file.ts";
import type { Token } from "../../src/adapters/pki/token.ts";
import { statePaths } from "../../src/adapters/state/state-directory.ts";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS, LAB_PORTS, type LabGateway } from "../../src/apps/lab/network/layout.ts";
import { gatewayIdentity } from "../../src/model/identity.ts";

const DAY_MS = 24 * 3_600_000;

/** Services of this file, beside the lab's: where clients of west reach them, and what their one endpoint listens on. */
const PRIVATE = { listen: 10_081, port: 8_081 };
const VAULT = { listen: 10_071, port: 7_001 };
const SAFE = { listen: 10_072, port: 7_002 };

/** What an endpoint of the TCP services says before it is asked. */
const GREETING = "welcome to the vault\n";

let lab: Lab;
/** Where the further services' endpoint is. */
let endpointAddress: string;
let recorder: HttpServer;
let greeters: readonly TcpServer[];
/** Headers of the last request that was no check. */
let recorded: IncomingHttpHeaders = {};

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "td-"));
  lab = await Lab.up(
    { ...LAB_DEFAULTS, directory, prefix: "127.66", profile: "fast", perTryTimeout: "250ms", holdDown: "1s" },
    () => {},
  );
  endpointAddress = "127.66.1.50";
  recorder = createHttpServer((request, response) => {
    if (request.url !== "/healthz") recorded = request.headers;
    response.setHeader("x-served-by", "west/recorder").end();
  });
  await listening(recorder, PRIVATE.port);
  greeters = await Promise.all(
    [VAULT.port, SAFE.port].map(async (port) => {
      const greeter = createTcpServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.write(GREETING);
        socket.on("data", (chunk: Buffer) => socket.write(chunk));
      });
      await listening(greeter, port);
      return greeter;
    }),
  );
  await writeFile(join(lab.sites[0].manifests, "further.yaml"), furtherManifests());
  const soon = { timeout: 10_000, interval: 50 };
  await vi.waitUntil(async () => (await statusOf(PRIVATE.listen)) === 200, soon);
  for (const { listen } of [VAULT, SAFE]) await vi.waitUntil(async () => (await firstWords(listen)) === GREETING, soon);
}, 120_000);

afterAll(async () => {
  await Lab.down(lab.options.directory);
  recorder.closeAllConnections();
  recorder.close();
  for (const greeter of greeters) greeter.close();
});

describe("the right certificate", () => {
  test("gets an answer from a pod", async () => {
    const outcome = await ask({ serverName: "http.tandem", leaf: await eastsLeaf(), send: requestTo("shop/web/80") });
    expect(outcome.received).toMatch(/^HTTP\/1\.1 200 /);
    expect(outcome.received).toMatch(/x-served-by: west\/web-\d/);
  });

  test("gets the catalog", async () => {
    const outcome = await ask({
      serverName: "catalog.tandem",
      leaf: await eastsLeaf(),
      send: "GET /v1/catalog HTTP/1.1\r\nhost: agent\r\n\r\n",
    });
    expect(outcome.received).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("reaches a TCP service", async () => {
    const outcome = await ask({ serverName: "7000.echo.shop.west.tandem", leaf: await eastsLeaf(), send: "ping\n" });
    expect(outcome.received).toMatch(/^pong west\/web-\d\n/);
  });
});

const SERVER_NAMES: readonly (readonly [string, string])[] = [
  ["http.tandem", requestTo("shop/web/80")],
  ["catalog.tandem", "GET /v1/catalog HTTP/1.1\r\nhost: agent\r\n\r\n"],
  ["7000.echo.shop.west.tandem", "ping\n"],
];

/** Certificates that nobody may come in with. */
const BAD_LEAVES: readonly (readonly [string, () => Promise<PemPair | undefined>])[] = [
  ["no certificate", () => Promise.resolve(undefined)],
  [
    "a certificate of an unknown authority that claims a member's name",
    async () => leafOf(await createAuthority("east.tandem", Date.now()), gatewayIdentity("east")),
  ],
  [
    "a certificate of an unknown authority and trust domain",
    async () => leafOf(await createAuthority("north.tandem", Date.now()), gatewayIdentity("north")),
  ],
  [
    "a certificate that has ended",
    async () => leafOf(await authorityOf("east-1"), gatewayIdentity("east"), Date.now() - 31 * DAY_MS),
  ],
  [
    "a member's certificate for another member",
    async () => leafOf(await authorityOf("east-1"), gatewayIdentity("west")),
  ],
  [
    "a member's certificate for a site that is no member",
    async () => leafOf(await authorityOf("east-1"), gatewayIdentity("north")),
  ],
  ["a member's authority itself", () => authorityOf("east-1")],
];

describe.each(BAD_LEAVES)("%s", (_name, leaf) => {
  test.each(SERVER_NAMES)("is refused on %s", async (serverName, send) => {
    const outcome = await ask({ serverName, leaf: await leaf(), send });
    expect(outcome).toMatchObject({ received: "", closed: true });
  });
});

describe("an identity of a member that is not its gateways'", () => {
  const other = "spiffe://east.tandem/backup";

  test.each(SERVER_NAMES.slice(1))("is refused on %s", async (serverName, send) => {
    const outcome = await ask({ serverName, leaf: await leafOf(await authorityOf("east-1"), other), send });
    expect(outcome).toMatchObject({ received: "", closed: true });
  });

  test("gets 403 from an HTTP service", async () => {
    const leaf = await leafOf(await authorityOf("east-1"), other);
    const outcome = await ask({ serverName: "http.tandem", leaf, send: requestTo("shop/web/80") });
    expect(outcome.received).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("a member that the policy of a service does not list", () => {
  test.each([
    ["request", ""],
    ["probe", "tandem-probe: 1\r\n"],
  ])("gets 403 for its %s", async (_name, header) => {
    const send = requestTo("shop/private/80", header);
    const outcome = await ask({ serverName: "http.tandem", leaf: await eastsLeaf(), send });
    expect(outcome.received).toMatch(/^HTTP\/1\.1 403 /);
    expect(outcome.received).not.toContain("x-served-by");
  });

  test("cannot tell it from a service that does not exist, or from none", async () => {
    for (const send of [requestTo("shop/none/80"), "GET / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n"]) {
      const outcome = await ask({ serverName: "http.tandem", leaf: await eastsLeaf(), send });
      expect(outcome.received).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  test("cannot reach the scope of a site's own writes", async () => {
    for (const send of [
      requestTo("write/shop/web/80"),
      requestTo("shop/none/80", "tandem-write: write/shop/web/80\r\n"),
    ]) {
      const outcome = await ask({ serverName: "http.tandem", leaf: await eastsLeaf(), send });
      expect(outcome.received).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  test.each([
    ["that lists others, when it sends something", "7001.vault.shop.west.tandem", "open\n"],
    ["that lists others, when it waits for a greeting", "7001.vault.shop.west.tandem", ""],
    ["that lists nobody else", "7002.safe.shop.west.tandem", "open\n"],
  ])("hears nothing from a TCP service %s", async (_name, serverName, send) => {
    const outcome = await ask({ serverName, leaf: await eastsLeaf(), send });
    expect(outcome).toMatchObject({ received: "", closed: true });
  });
});

describe("the place where tokens are redeemed", () => {
  const redeem = "POST /join/redeem HTTP/1.1\r\nhost: agent\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

  test("is closed while no token is live", async () => {
    const outcome = await ask({ serverName: "join.tandem", leaf: undefined, send: redeem });
    expect(outcome).toEqual({ handshake: false, received: "", closed: true });
  });

  test("lets in exactly one of two that come with the same token at once, and closes after the last token", async () => {
    const token = await issueToken("west-3");
    // While another token is live the place stays open: the second one is refused by the desk, not by a closed door.
    const spare = await issueToken("west-4");
    const credentials = { peerBundle: token.authority, peerIdentity: gatewayIdentity("west") };
    const target = { address: first().address, port: LAB_PORTS.peers };
    const connected = (): Promise<TLSSocket> => connectToPeer(target, credentials);
    const opened = await vi.waitFor(connected, { timeout: 5_000, interval: 50 });
    const sockets = [opened, await connected(), await connected()] as const;
    const redeemWith = async (socket: TLSSocket, shown: Token): Promise<number | undefined> => {
      const { request } = await createRequest();
      const body = JSON.stringify({ kind: "gateway", id: shown.id, secret: shown.secret, for: shown.for, request });
      const { response } = await callPeer(socket, { method: "POST", path: REDEEM_PATH, body });
      return response.resume().statusCode;
    };
    const answers = await Promise.all([redeemWith(sockets[0], token), redeemWith(sockets[1], token)]);
    expect(answers.toSorted((left, right) => (left ?? 0) - (right ?? 0))).toEqual([200, 403]);
    expect(await redeemWith(sockets[2], spare)).toBe(200);
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(() => ask({ serverName: "join.tandem", leaf: undefined, send: redeem }), { timeout: 5_000, interval: 50 })
      .toEqual({ handshake: false, received: "", closed: true });
  });

  test("refuses a guessed secret, gives nothing else away, and the token stays good", async () => {
    const token = await issueToken("west-4");
    const { request } = await createRequest();
    const redemption = { kind: "gateway", id: token.id, secret: "guess", for: "west-4", request };
    const posted = (what: object): string => {
      const body = JSON.stringify(what);
      return `POST ${REDEEM_PATH} HTTP/1.1\r\nhost: agent\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
    };
    const answerTo = (send: string) => async (): Promise<string> =>
      (await ask({ serverName: "join.tandem", leaf: undefined, send })).received;
    await expect.poll(answerTo(posted(redemption)), { timeout: 5_000, interval: 500 }).toMatch(/^HTTP\/1\.1 403 /);
    for (const path of ["/v1/catalog", "/join/../v1/catalog", "/v1/certificate"]) {
      const send = `GET ${path} HTTP/1.1\r\nhost: agent\r\ntandem-peer-identity: ${gatewayIdentity("west")}\r\nconnection: close\r\n\r\n`;
      await expect.poll(answerTo(send), { timeout: 5_000, interval: 500 }).toMatch(/^HTTP\/1\.1 404 /);
    }
    await expect
      .poll(answerTo(posted({ ...redemption, secret: token.secret })), { timeout: 5_000, interval: 500 })
      .toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("reserved headers of a client", () => {
  test.each([
    ["tandem-service", "shop/other/80"],
    ["tandem-service", "shop/private/80"],
    ["tandem-probe", "1"],
    ["tandem-write", "write/shop/private/80"],
    ["tandem-unprocessed", "1"],
  ])("%s: %s changes nothing about who answers", async (name, value) => {
    const answer = await askAsClient(LAB_PORTS.http, { [name]: value });
    expect(answer.status).toBe(200);
    expect(answer.headers["x-served-by"]).toMatch(/^west\/web-\d$/);
  });

  test.each([
    ["tandem-service", "shop/other/80"],
    ["tandem-probe", "1"],
    ["tandem-write", "write/shop/other/80"],
    ["tandem-unprocessed", "1"],
    ["tandem-forwarded-proto", "gopher"],
  ])("%s: %s does not reach the pod", async (name, value) => {
    const answer = await askAsClient(PRIVATE.listen, { [name]: value, "x-own": "kept" });
    expect(answer.headers["x-served-by"]).toBe("west/recorder");
    expect(recorded["x-own"]).toBe("kept");
    expect(recorded[name]).not.toBe(value);
    expect(recorded["x-forwarded-proto"]).toBeUndefined();
  });
});

test("a pod sees no header of Tandem's own", async () => {
  await askAsClient(PRIVATE.listen, {});
  expect(Object.keys(recorded).filter((name) => name.startsWith("tandem-"))).toEqual([]);
});

interface Outcome {
  /** The TLS handshake was good on the client's side; with TLS 1.3 the other side may still refuse. */
  readonly handshake: boolean;
  readonly received: string;
  readonly closed: boolean;
}

/** Connects to west's first gateway, sends, and waits for the first answer or the end; an end is never waited for longer than 5 s. */
function ask(call: {
  readonly serverName: string;
  readonly leaf: PemPair | undefined;
  readonly send: string;
}): Promise<Outcome> {
  return new Promise((resolve) => {
    let handshake = false;
    const socket = connectTls({
      host: first().address,
      port: LAB_PORTS.peers,
      servername: call.serverName,
      ...(call.leaf === undefined ? {} : { cert: call.leaf.certificate, key: call.leaf.key }),
      // Whether the gateway is the right one is not what is asked here.
      rejectUnauthorized: false,
      minVersion: "TLSv1.3",
    });
    const done = (received: string, closed: boolean): void => {
      socket.destroy();
      resolve({ handshake, received, closed });
    };
    socket.setTimeout(5_000, () => done("", false));
    socket.once("secureConnect", () => {
      handshake = true;
      if (call.send !== "") socket.write(call.send);
    });
    socket.once("data", (chunk: Buffer) => done(chunk.toString("utf8"), false));
    socket.once("error", () => done("", true));
    socket.once("close", () => done("", true));
  });
}

function requestTo(service: string, header = ""): string {
  return `GET / HTTP/1.1\r\nhost: shop\r\ntandem-service: ${service}\r\n${header}connection: close\r\n\r\n`;
}

async function leafOf(authority: PemPair, uri: string, now = Date.now()): Promise<PemPair> {
  const { request, key } = await createRequest();
  return { certificate: await issueLeaf(authority, request, { uri, now }), key };
}

async function eastsLeaf(): Promise<PemPair> {
  const paths = statePaths(lab.gateway("east-1")?.state ?? "");
  const leaf = await readLeaf(paths.leaf);
  if (leaf === undefined) throw new Error("east-1 has no certificate");
  return leaf;
}

async function authorityOf(gateway: string): Promise<PemPair> {
  const paths = statePaths(lab.gateway(gateway)?.state ?? "");
  return {
    certificate: await readFile(paths.authorityCertificate, "utf8"),
    key: await readFile(paths.authorityKey, "utf8"),
  };
}

async function issueToken(gateway: string): Promise<Token> {
  const socket = statePaths(first().state).localSocket;
  return (await callLocal(socket, "POST", "/token", { kind: "gateway", for: gateway })) as Token;
}

function first(): LabGateway {
  const gateway = lab.gateway("west-1");
  if (gateway === undefined) throw new Error("no gateway west-1");
  return gateway;
}

function askAsClient(
  port: number,
  headers: Record<string, string>,
): Promise<{ readonly status: number | undefined; readonly headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    get({ host: first().address, port, agent: false, headers }, (response) =>
      resolve({ status: response.resume().statusCode, headers: response.headers }),
    ).on("error", reject);
  });
}

async function statusOf(port: number): Promise<number | undefined> {
  return askAsClient(port, {}).then(
    ({ status }) => status,
    () => undefined,
  );
}

/** What a TCP service says to a client of west that says nothing. */
function firstWords(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: first().address, port });
    socket.once("data", (chunk: Buffer) => {
      resolve(chunk.toString("utf8"));
      socket.destroy();
    });
    socket.once("error", () => resolve(""));
    socket.once("close", () => resolve(""));
  });
}

function listening(server: HttpServer | TcpServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, endpointAddress, () => resolve());
  });
}

/** Only west may call `private` and `safe`; `vault` is also for a site that has not joined yet. */
function furtherManifests(): string {
  const documents = [
    ...furtherService("private", { name: "http", port: 80, appProtocol: "http" }, PRIVATE, ["west"]),
    ...furtherService("vault", { name: "tcp", port: 7_001 }, VAULT, ["west", "north"]),
    ...furtherService("safe", { name: "tcp", port: 7_002 }, SAFE, ["west"]),
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

function furtherService(
  name: string,
  port: { readonly name: string; readonly port: number; readonly appProtocol?: string },
  at: { readonly listen: number; readonly port: number },
  sites: readonly string[],
): object[] {
  const namespace = "shop";
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, annotations: { "tandem.dev/listen": String(at.listen) } },
      spec: { ports: [port] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: port.name, port: at.port }],
      endpoints: [{ addresses: [endpointAddress] }],
    },
    {
      apiVersion: "tandem.dev/v1alpha1",
      kind: "FailoverPolicy",
      metadata: { name, namespace },
      spec: {
        targetRefs: [{ kind: "Service", name }],
        sites: sites.map((site) => ({ name: site })),
        healthCheck: port.appProtocol === "http" ? { http: { path: "/healthz" } } : { tcp: {} },
      },
    },
  ];
}
