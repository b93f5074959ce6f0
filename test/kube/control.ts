/**
 * The simulation's own HTTP interface, for tests that run the cluster as a process: faults, the log of requests, watches.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "../../src/adapters/http/read-body.ts";
import type { Fault } from "./http/faults.ts";
import type { SimulatedCluster, WatchMatch } from "./simulated-cluster.ts";

const BODY_LIMIT = 1024 * 1024;

/** What is done to open watches. */
interface WatchOrder extends WatchMatch {
  readonly action: "cut" | "silence" | "expire" | "end";
}

/**
 * Listens at `ADDRESS:PORT`: `POST /faults` adds a fault, `DELETE /faults` takes all away, `GET` and `DELETE /requests`
 * read and empty the log, `POST /watches` does something to open watches, `POST /restart` restarts the API server.
 * Returns its URL.
 */
export async function listenForControl(cluster: SimulatedCluster, listen: string): Promise<string> {
  const [host, port] = listen.split(":");
  const server = createServer((request, response) => {
    carryOut(cluster, request).then(
      (answer) => reply(response, 200, answer),
      (error: unknown) => reply(response, 400, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(Number(port), host, resolve);
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

async function carryOut(cluster: SimulatedCluster, request: IncomingMessage): Promise<unknown> {
  const text = await readBody(request, BODY_LIMIT);
  switch (`${request.method} ${request.url}`) {
    case "POST /faults":
      cluster.faults.add(JSON.parse(text) as Fault);
      return {};
    case "DELETE /faults":
      cluster.faults.clear();
      return {};
    case "GET /requests":
      return cluster.requests;
    case "DELETE /requests":
      cluster.forgetRequests();
      return {};
    case "POST /watches":
      orderWatches(cluster, JSON.parse(text) as WatchOrder);
      return {};
    case "POST /restart":
      await cluster.restart();
      return {};
    default:
      throw new Error(`no such order: ${request.method} ${request.url}`);
  }
}

function orderWatches(cluster: SimulatedCluster, { action, ...match }: WatchOrder): void {
  switch (action) {
    case "cut":
      cluster.cutWatches(match);
      return;
    case "silence":
      cluster.silenceWatches(match);
      return;
    case "expire":
      cluster.expireWatches(match);
      return;
    case "end":
      cluster.endWatches(match);
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
