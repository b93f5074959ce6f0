import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Clock } from "../../ports/clock.ts";
import { type CatalogClient, listenToCatalog } from "./catalog-client.ts";
import { connectToPeer } from "./peer-connection.ts";

vi.mock(import("./peer-connection.ts"), async (original) => ({
  ...(await original()),
  connectToPeer: vi.fn(),
}));

let server: Server;
let accepted: Socket[];
let waiting: { readonly ms: number; readonly run: () => void }[];
let warnings: unknown[];

const clock: Clock = {
  now: () => 0,
  after: (ms, run) => {
    const entry = { ms, run };
    waiting.push(entry);
    return () => {
      waiting = waiting.filter((one) => one !== entry);
    };
  },
};

beforeEach(async () => {
  accepted = [];
  waiting = [];
  warnings = [];
  server = createServer((socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  for (const socket of accepted) socket.destroy();
  server.close();
});

/** What is asked here does not depend on TLS. */
function dial(): TLSSocket {
  return connect((server.address() as AddressInfo).port, "127.0.0.1") as TLSSocket;
}

function listen(): CatalogClient {
  return listenToCatalog(
    {
      site: "east",
      gateway: "east-1",
      target: { address: "127.0.0.1", port: 0 },
      credentials: () => ({ peerBundle: "", peerIdentity: "" }),
      connected: () => expect.fail("nobody answered"),
      message: () => {},
      disconnected: () => {},
    },
    {
      clock,
      log: { info: () => {}, warn: (_event, fields) => warnings.push(fields?.["error"]), error: () => {} },
      random: () => 0.5,
    },
  );
}

test("a peer that takes the request and never answers is given up like one that falls silent", async () => {
  vi.mocked(connectToPeer).mockImplementation(() => Promise.resolve(dial()));
  const client = listen();
  await vi.waitUntil(() => waiting.some(({ ms }) => ms === 5_000) && accepted.length === 1);
  waiting.find(({ ms }) => ms === 5_000)?.run();
  await vi.waitFor(() => expect(warnings).toEqual(["Error: nothing heard for 5000 ms"]));
  client.close();
});

test("a client that is closed while it connects asks nothing", async () => {
  const connected = Promise.withResolvers<TLSSocket>();
  vi.mocked(connectToPeer).mockReturnValue(connected.promise);
  listen().close();
  const socket = dial();
  connected.resolve(socket);
  await vi.waitUntil(() => socket.destroyed);
  expect(waiting).toEqual([]);
  expect(warnings).toEqual([]);
});
