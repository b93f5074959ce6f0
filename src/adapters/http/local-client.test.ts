import { link, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAdmin } from "../envoy/admin-client.ts";
import { callLocal, isAgentListening } from "./local-client.ts";

let directory: string;
let socketPath: string;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-local-"));
  socketPath = join(directory, "agent.sock");
  server = createServer();
});

afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

function listen(connected: (socket: Socket) => void): Promise<void> {
  server.on("connection", connected);
  return new Promise((resolve) => server.listen(socketPath, resolve));
}

const answer = (text: string) => (socket: Socket) => {
  socket.on("error", () => {});
  socket.on("data", () => socket.write(text));
};

/** A server that dies in the middle of its answer, once that has arrived. */
const dieAfter = (text: string) => (socket: Socket) => {
  answer(text)(socket);
  socket.once("data", () => setTimeout(() => socket.destroy(), 50));
};

test.each([
  ["of its body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"],
  ["of a chunked body", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ["of its head", "HTTP/1.1 200 OK\r\ncontent-"],
])("an answer that breaks off in the middle %s is an error, not a wait without end", async (_name, text) => {
  await listen(dieAfter(text));
  await expect(callLocal(socketPath, "GET", "/status")).rejects.toThrow();
  await expect(askAdmin(socketPath, "GET", "/stats")).rejects.toThrow();
});

test("a whole answer is given", async () => {
  await listen(answer('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}'));
  expect(await callLocal(socketPath, "GET", "/status")).toEqual({ a: 1 });
  expect(await askAdmin(socketPath, "GET", "/stats")).toBe('{"a":1}');
});

test("without an agent the call says so", async () => {
  await expect(callLocal(socketPath, "GET", "/status")).rejects.toMatchObject({ code: "AgentNotRunning" });
});

test("an agent that listens is noticed", async () => {
  await listen(() => {});
  expect(await isAgentListening(socketPath)).toBe(true);
});

test("a socket that a killed agent left behind does not count as one that listens", async () => {
  expect(await isAgentListening(socketPath)).toBe(false);
  await listen(() => {});
  const left = join(directory, "left.sock");
  await link(socketPath, left);
  await new Promise((resolve) => server.close(resolve));
  expect(await isAgentListening(left)).toBe(false);
});
