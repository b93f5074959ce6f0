/**
 * Endpoints of a service as a process, mostly one. Prints one line of JSON ({@link BackendReady}) when every server listens,
 * and nothing else. Exit code 2: the command line is wrong; 1: an address is taken.
 */
import type { AddressInfo, Server } from "node:net";
import process from "node:process";
import { listenForControl } from "./control.ts";
import { AttemptCounter } from "./counters.ts";
import type { Fault } from "./fault.ts";
import { createHttpEndpoint, type Endpoint } from "./http-endpoint.ts";
import { type BackendOptions, backendUsage, parseBackendOptions } from "./options.ts";
import { createTcpEndpoint } from "./tcp-endpoint.ts";

/** The one line that the process prints once it listens; a first address as `ADDR:PORT`, null where there is no server. */
export interface BackendReady {
  readonly ready: true;
  readonly pid: number;
  readonly site: string;
  readonly name: string;
  readonly http: string | null;
  readonly tcp: string | null;
  readonly control: string | null;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) {
    process.stdout.write(backendUsage);
    return;
  }
  const options = parseBackendOptions(args);
  if (Array.isArray(options)) {
    process.stderr.write(`${options.join("\n")}\n\n${backendUsage}`);
    process.exitCode = 2;
    return;
  }
  process.once("SIGTERM", () => process.exit(0));
  process.once("SIGINT", () => process.exit(0));
  if (options.dieWithParent) process.stdin.on("close", () => process.exit(0)).resume();
  process.stdout.write(`${JSON.stringify(await start(options))}\n`);
}

async function start(options: BackendOptions): Promise<BackendReady> {
  const { site, name, addresses, control } = options;
  const counter = new AttemptCounter();
  let fault: Fault = { kind: "none" };
  const endpoint: Endpoint = { site, name, latencyMs: options.latencyMs, counter, fault: () => fault };
  const http = await listenOnAll(addresses, options.http, () => createHttpEndpoint(endpoint));
  const tcp = await listenOnAll(addresses, options.tcp, () => createTcpEndpoint(endpoint));
  if (control !== null) {
    await listenForControl(control, {
      counters: () => counter.snapshot({ site, name, pid: process.pid }),
      fault: () => fault,
      setFault: (wanted) => {
        fault = wanted;
      },
    });
  }
  return { ready: true, pid: process.pid, site, name, http, tcp, control };
}

/** A server for each address; the first one's `ADDR:PORT`, or null when there is no port. */
async function listenOnAll(
  addresses: readonly string[],
  port: number | null,
  create: () => Server,
): Promise<string | null> {
  if (port === null) return null;
  const places = await Promise.all(addresses.map((address) => listen(create(), address, port)));
  return places[0] ?? null;
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  // The default backlog of 511 drops connections when thousands of slow answers are open at once.
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen({ host, port, backlog: 4096 }, resolve),
  );
  return `${host}:${(server.address() as AddressInfo).port}`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
