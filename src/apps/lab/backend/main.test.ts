import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BackendReady } from "./main.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

describe("a backend process", () => {
  let dir: string;
  let child: ChildProcess;
  let ready: BackendReady;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "backend-"));
    const args = [main, "--address", "127.0.0.1", "--http", "0", "--tcp", "0", "--site", "west", "--name", "web-1"];
    child = spawn(process.execPath, [...args, "--control", join(dir, "control.sock"), "--die-with-parent"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line")) as [string];
    ready = JSON.parse(line) as BackendReady;
  });

  afterEach(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  });

  const ask = async (
    path: string,
    method = "GET",
    body?: string,
  ): Promise<{ status: number | undefined; servedBy: unknown; body: unknown }> => {
    const sent = request(`http://${ready.http}${path}`, { method });
    sent.end(body);
    const [response] = await once(sent, "response");
    return { status: response.statusCode, servedBy: response.headers["x-served-by"], body: await json(response) };
  };
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const sent = request({ socketPath: join(dir, "control.sock"), path, method });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(sent, "response");
    return json(response);
  };
  const send = async (line: string): Promise<string> => {
    const socket = connect(Number(ready.tcp?.split(":")[1]), "127.0.0.1");
    socket.end(line);
    return text(socket);
  };

  it("answers with its name, over HTTP and over TCP after a half close", async () => {
    expect(await ask("/")).toEqual({ status: 200, servedBy: "west/web-1", body: { site: "west", name: "web-1" } });
    expect(await send("ping\nhello\n")).toBe("pong west/web-1\nhello\n");
  });

  it("counts attempts by path, method and connection", async () => {
    await ask("/");
    await ask("/bad");
    await ask("/healthz");
    await ask("/", "POST", "x".repeat(100_000));
    await send("ping\n");
    expect(await control("GET", "/counters")).toMatchObject({
      paths: { service: 2, bad: 1, check: 1 },
      methods: { GET: 2, POST: 1 },
      tcpConnections: 1,
      tcpPings: 1,
    });
  });

  it("takes a fault and gives it up again", async () => {
    await control("POST", "/fault", { kind: "5xx" });
    expect((await ask("/")).status).toBe(503);
    expect((await ask("/healthz")).status).toBe(200);
    await control("POST", "/fault", { kind: "reset" });
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(send("ping\n")).rejects.toMatchObject({ code: "ECONNRESET" });
    await control("POST", "/fault", { kind: "none" });
    expect((await ask("/")).status).toBe(200);
  });

  it("refuses an unknown fault and says what there is", async () => {
    expect(await control("POST", "/fault", { kind: "gone" })).toEqual({
      error: expect.stringContaining("use one of none, 5xx"),
    });
  });

  it("keeps its control socket to this user", async () => {
    expect((await stat(join(dir, "control.sock"))).mode & 0o777).toBe(0o600);
  });

  it("ends with its parent", async () => {
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
    expect(child.exitCode).toBe(0);
  });
});
