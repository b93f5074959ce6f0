import { unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { BackendCounters } from "./counters.ts";
import { type Fault, parseFault } from "./fault.ts";

/** What the control socket may read and change. */
export interface Controlled {
  readonly counters: () => BackendCounters;
  readonly fault: () => Fault;
  readonly setFault: (fault: Fault) => void;
}

/**
 * Listens on a Unix socket that only this user may open (mode 0600). A socket file left over by a killed process is
 * replaced. `GET /counters`, `GET /fault`, `POST /fault {"kind": ..., "share"?, "delayMs"?}`.
 */
export async function listenForControl(path: string, controlled: Controlled): Promise<Server> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  const server = createServer((request, response) => {
    void answer(request, controlled).then(
      ([status, body]) => write(response, status, body),
      () => write(response, 400, { error: "the body is not JSON" }),
    );
  });
  // The mask, not a chmod afterwards: between listen and chmod anyone could connect.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  } finally {
    process.umask(mask);
  }
  return server;
}

async function answer(request: IncomingMessage, controlled: Controlled): Promise<[number, unknown]> {
  const route = `${request.method ?? ""} ${request.url ?? ""}`;
  if (route === "GET /counters") return [200, controlled.counters()];
  if (route === "GET /fault") return [200, controlled.fault()];
  if (route !== "POST /fault") return [404, { error: `no ${route}: use GET /counters, GET /fault or POST /fault` }];
  const fault = parseFault(await json(request));
  if (typeof fault === "string") return [400, { error: fault }];
  controlled.setFault(fault);
  return [200, fault];
}

function write(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
