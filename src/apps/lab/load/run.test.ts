import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { LoadLine, SummaryLine } from "./lines.ts";
import { type LoadOptions, parseLoadOptions } from "./options.ts";
import { type LoadRun, startLoad } from "./run.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener));

const good =
  (site: string): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(200, { "x-served-by": `${site}/web-1` }).end("{}");
  };

function start(args: readonly string[]): { run: LoadRun; lines: LoadLine[] } {
  const options = parseLoadOptions([
    "--rate",
    "200",
    "--duration",
    "300ms",
    "--timeout",
    "200ms",
    ...args,
  ]) as LoadOptions;
  const lines: LoadLine[] = [];
  const after = (ms: number, then: () => void): (() => void) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  };
  return { run: startLoad(options, { now: () => performance.now(), after }, (line) => lines.push(line)), lines };
}

const load = (...args: string[]): Promise<SummaryLine> => start(args).run.summary;

/** An address where nothing listens. */
async function refusing(): Promise<string> {
  const server = createServer();
  const address = await listen(server);
  servers.pop();
  server.close();
  await once(server, "close");
  return address;
}

describe("a load run", () => {
  it("counts every request and who answered it", async () => {
    const { run, lines } = start([
      "--target",
      await serve(good("west")),
      "--target",
      await serve(good("east")),
      "--warmup",
      "50ms",
    ]);
    const summary = await run.summary;
    expect(summary).toMatchObject({
      requests: 60,
      ok: 60,
      failed: 0,
      unfinished: 0,
      servedBy: { west: 30, east: 30 },
      endpoints: { "west/web-1": 30 },
      failures: {},
    });
    expect(lines[0]).toMatchObject({ type: "start", rate: 200 });
    const progress = lines.filter((line) => line.type === "progress");
    expect(progress.reduce((sum, line) => sum + line.sent, 0)).toBe(60);
    expect(progress.reduce((sum, line) => sum + line.ok, 0)).toBe(60);
  });

  it("goes to the other target when one refuses, and loses nothing by it", async () => {
    const summary = await load("--target", await refusing(), "--target", await serve(good("west")));
    expect(summary).toMatchObject({ ok: 60, failed: 0 });
    expect(summary.refusedConnects).toBeGreaterThan(0);
  });

  it("loses a request when every target refuses", async () => {
    const summary = await load("--target", await refusing(), "--target", await refusing());
    expect(summary).toMatchObject({ ok: 0, failed: 60, failures: { ECONNREFUSED: 60 }, longestGapMs: 300 });
  });

  it("never sends a request twice", async () => {
    let seen = 0;
    const reset: RequestListener = (request) => {
      seen += 1;
      request.socket.resetAndDestroy();
    };
    const { run, lines } = start(["--target", await serve(reset), "--target", await serve(good("west"))]);
    const summary = await run.summary;
    expect(summary).toMatchObject({ ok: 30, failed: 30, failures: { ECONNRESET: 30 } });
    expect(seen).toBe(30);
    expect(lines.filter((line) => line.type === "failure")).toHaveLength(20);
  });

  it("stops using a connection that says close", async () => {
    const ports = new Set<number | undefined>();
    const closing: RequestListener = (request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, { connection: "close" }).end();
    };
    const summary = await load("--target", await serve(closing));
    expect(summary).toMatchObject({ ok: 60, connections: 60 });
    expect(ports.size).toBe(60);
  });

  it("keeps other connections alive", async () => {
    const { connections } = await load("--target", await serve(good("west")));
    expect(connections).toBeLessThan(30);
  });

  it("gives up a request after the time-out, and never delays others by it", async () => {
    const summary = await load("--target", await serve((request) => request.resume()));
    expect(summary).toMatchObject({ requests: 60, failed: 60, failures: { timeout: 60 }, durationMs: 300 });
    expect(summary.lateness.p50Ms).toBeLessThan(20);
  });

  it("tells errors by their status", async () => {
    const { run, lines } = start([
      "--target",
      await serve((_request, response) => response.writeHead(503).end("no healthy upstream")),
    ]);
    expect(await run.summary).toMatchObject({ failures: { "status 503": 60 } });
    expect(lines.find((line) => line.type === "failure")).toMatchObject({
      reason: "status 503",
      body: "no healthy upstream",
      underWay: expect.any(Number),
      sentMs: expect.any(Number),
    });
  });

  it("sends a target no new connection while its readiness says no", async () => {
    const unready = await serve((_request, response) => response.writeHead(503).end());
    const west = await serve(good("west"));
    const east = await serve(good("east"));
    const { servedBy } = await load(
      "--target",
      west,
      "--ready",
      `${west}/ready`,
      "--target",
      east,
      "--ready",
      `${unready}/ready`,
      "--ready-every",
      "10ms",
      "--mix",
      "/x=0",
      "--header",
      "connection: close",
      "--duration",
      "500ms",
    );
    expect(servedBy["east"] ?? 0).toBeLessThan(servedBy["west"] ?? 0);
  });

  it("follows a changed list of targets", async () => {
    const { run } = start(["--target", await refusing()]);
    run.retarget([await serve(good("east"))]);
    expect((await run.summary).servedBy["east"]).toBeGreaterThan(0);
  });

  it("ends early with a summary of what was sent; when pressed, without waiting for answers", async () => {
    const { run } = start([
      "--target",
      await serve((request) => request.resume()),
      "--duration",
      "60s",
      "--timeout",
      "60s",
    ]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    run.stop();
    run.stop();
    const summary = await run.summary;
    expect(summary.unfinished).toBe(summary.requests);
    expect(summary.requests).toBeGreaterThan(0);
    expect(summary.durationMs).toBeLessThan(2000);
  });
});

describe("a TCP run", () => {
  const pong = (): Server =>
    createTcpServer((socket) => socket.on("error", () => {}).on("data", () => socket.write("pong west/web-1\n")));

  it("opens a connection per request, beside long-lived ones", async () => {
    const summary = await load(
      "--protocol",
      "tcp",
      "--target",
      await refusing(),
      "--target",
      await listen(pong()),
      "--hold",
      "2",
    );
    expect(summary).toMatchObject({ protocol: "tcp", ok: 60, failed: 0, servedBy: { west: 60 } });
    expect(summary.held?.pongs).toBeGreaterThanOrEqual(1);
  });

  it("loses what is closed without an answer, and what is not answered in time", async () => {
    const closed = await load(
      "--protocol",
      "tcp",
      "--target",
      await listen(createTcpServer((socket) => socket.on("error", () => {}).end())),
    );
    expect(closed.failed).toBe(60);
    const silent = await load(
      "--protocol",
      "tcp",
      "--target",
      await listen(createTcpServer((socket) => socket.on("error", () => {}).resume())),
    );
    expect(silent).toMatchObject({ failed: 60, failures: { timeout: 60 } });
  });
});
