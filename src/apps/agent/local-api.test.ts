import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { callLocal } from "../../adapters/http/local-client.ts";
import { DnsLabel } from "../../model/kinds/index.ts";
import { parseBody, serveLocalApi } from "./local-api.ts";

const Order = z.strictObject({ kind: z.enum(["site", "gateway"]), for: DnsLabel });

let directory: string;
let socketPath: string;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-local-api-"));
  socketPath = join(directory, "agent.sock");
  server = await serveLocalApi(socketPath, {
    "POST /token": (body) => ({ status: 200, body: parseBody(Order, body) }),
    "POST /defect": () => ({ status: 200, body: DnsLabel.parse("Not a label") }),
  });
});

afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

test("a body of the right form reaches the operation", async () => {
  const order = { kind: "site", for: "east" };
  expect(await callLocal(socketPath, "POST", "/token", order)).toEqual(order);
});

test.each([
  ["a bad field", { kind: "site", for: "East" }, "for: is not a DNS label"],
  ["a missing field", { kind: "site" }, "for: "],
  ["a field of the wrong kind", { kind: "planet", for: "east" }, "kind: "],
  ["an unknown field", { kind: "site", for: "east", extra: 1 }, "extra"],
  ["no body", undefined, "expected object"],
])("%s is a wrong argument that is named, with exit code 2", async (_name, body, message) => {
  await expect(callLocal(socketPath, "POST", "/token", body)).rejects.toMatchObject({
    code: "InvalidArgument",
    exit: 2,
    message: expect.stringContaining(message),
  });
});

test("what goes wrong inside an operation is not the caller's argument", async () => {
  await expect(callLocal(socketPath, "POST", "/defect")).rejects.not.toHaveProperty("code");
});
