import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isGatewayReady } from "./gateway-probe.ts";

let server: Server;
let port: number;
let answer: number | undefined;
let connections: Socket[];

beforeEach(async () => {
  [answer, connections] = [200, []];
  server = createServer((_request, response) => {
    if (answer !== undefined) response.writeHead(answer, { "content-length": "5" }).end("ready");
  });
  server.on("connection", (socket: Socket) => connections.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (): Promise<boolean> => isGatewayReady("127.0.0.1", port, 100);

test("one that says 200 is ready, and is asked again on the same connection", async () => {
  expect([await ask(), await ask(), await ask()]).toEqual([true, true, true]);
  expect(connections).toHaveLength(1);
});

test("a thousand questions leave nothing behind on their connection", async () => {
  const warnings: string[] = [];
  const warn = (warning: Error): number => warnings.push(warning.message);
  process.on("warning", warn);
  for (let turn = 0; turn < 1_000; turn += 1) expect(await ask()).toBe(true);
  process.off("warning", warn);
  expect([warnings, connections.length]).toEqual([[], 1]);
});

test("a connection on which more may come is not used again", async () => {
  server.removeAllListeners("request");
  server.on("request", (_request, response) => response.writeHead(200).write("re"));
  expect([await ask(), await ask()]).toEqual([true, true]);
  expect(connections).toHaveLength(2);
});

test("one that says anything else is not, nor is one that says nothing", async () => {
  answer = 503;
  expect(await ask()).toBe(false);
  answer = undefined;
  expect(await ask()).toBe(false);
  answer = 200;
  expect(await ask()).toBe(true);
});

test("a connection that ended between two questions is not used again", async () => {
  expect(await ask()).toBe(true);
  connections[0]?.destroy();
  await once(connections[0] as Socket, "close");
  await new Promise((resolve) => setImmediate(resolve));
  expect(await ask()).toBe(true);
  expect(connections).toHaveLength(2);
});

test("where nobody listens nobody is ready", async () => {
  expect(await ask()).toBe(true);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await ask()).toBe(false);
});
