import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askOver } from "./peer-connection.ts";

const CALL = { method: "POST", path: "/v1/certificate", body: "request" } as const;

let server: Server;
let connection: TLSSocket;

beforeEach(() => {
  server = createServer();
});

afterEach(() => {
  vi.useRealTimers();
  connection.destroy();
  server.close();
});

/** What is asked here does not depend on TLS. */
async function connectTo(serve: (socket: Socket) => void): Promise<void> {
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => serve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = connect((server.address() as AddressInfo).port, "127.0.0.1") as TLSSocket;
}

test("a whole answer is given, and the connection is closed", async () => {
  await connectTo((socket) => socket.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}"));
  expect(await askOver(connection, CALL)).toEqual({ status: 403, body: "{}" });
  expect(connection.destroyed).toBe(true);
});

test.each([
  ["never begins", ""],
  ["never ends", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"],
])("an answer that %s is given up after 10 s, and the connection is closed", async (_name, text) => {
  const asked = Promise.withResolvers<void>();
  await connectTo((socket) => {
    socket.write(text);
    asked.resolve();
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const failure = askOver(connection, CALL).catch((error: unknown) => String(error));
  await asked.promise;
  vi.advanceTimersByTime(10_000);
  expect(await failure).toBe("Error: no complete answer to /v1/certificate within 10000 ms");
  expect(connection.destroyed).toBe(true);
});

test("an answer that is larger than it may be is refused, and the connection is closed", async () => {
  await connectTo((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2097152\r\n\r\n");
    socket.write(Buffer.alloc(2 * 1024 * 1024));
  });
  await expect(askOver(connection, CALL)).rejects.toThrow("larger than 1048576 bytes");
  expect(connection.destroyed).toBe(true);
});

test("an answer that breaks off is an error", async () => {
  await connectTo((socket) =>
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.destroy()),
  );
  await expect(askOver(connection, CALL)).rejects.toThrow();
});
