/**
 * The service: three backends a site as processes, with their faults and counters.
 * @module
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { BackendCounters } from "../../src/apps/lab/backend/counters.ts";
import type { Fault } from "../../src/apps/lab/backend/fault.ts";
import type { Child, ProcessGroup } from "./process-group.ts";
import { type BackendPlace, ports, type SiteName, type Topology } from "./topology.ts";

const program = fileURLToPath(new URL("../../src/apps/lab/backend/main.ts", import.meta.url));

interface Backend {
  readonly place: BackendPlace;
  readonly control: string;
  readonly child: Child;
  state: "runs" | "crashed" | "hung";
  /** Requests that it had seen when it was last asked: what it saw just before it was killed must not be lost. */
  attempts: number;
}

/** All backends of a run. */
export class Backends {
  private readonly backends: readonly Backend[];

  private constructor(backends: readonly Backend[]) {
    this.backends = backends;
  }

  /** Starts all and resolves when all listen; `directory` takes their control sockets. */
  static async start(topology: Topology, directory: string, processes: ProcessGroup): Promise<Backends> {
    const places = [...topology.west.backends, ...topology.east.backends];
    return new Backends(await Promise.all(places.map((place) => startBackend(place, directory, processes))));
  }

  /** Kills or stops every backend of the sites with a signal, or sets a fault in all of them. */
  async fail(sites: readonly SiteName[], fault: "crash" | "hang" | Fault): Promise<void> {
    const concerned = this.backends.filter(({ place }) => sites.includes(place.site));
    if (typeof fault === "object") {
      await Promise.all(concerned.map(({ control }) => ask(control, "POST", "/fault", fault)));
      return;
    }
    await Promise.all(concerned.map(readAttempts));
    for (const backend of concerned) {
      backend.state = fault === "crash" ? "crashed" : "hung";
      backend.child.signal(fault === "crash" ? "SIGKILL" : "SIGSTOP");
    }
  }

  /** Requests of the service (not checks) that reached any backend so far. Stopped ones count with their last number. */
  async attempts(): Promise<number> {
    await Promise.all(this.backends.filter(({ state }) => state === "runs").map(readAttempts));
    return this.backends.reduce((sum, { attempts }) => sum + attempts, 0);
  }

  /** Lets stopped ones go on, so that requests which were delivered to them are counted. */
  async resume(): Promise<void> {
    for (const backend of this.backends.filter(({ state }) => state === "hung")) {
      backend.child.signal("SIGCONT");
      backend.state = "runs";
    }
    let before = -1;
    // What waits in its sockets is read within a few turns of its loop: settled when nothing was added any more.
    for (let now = await this.attempts(); now !== before; now = await this.attempts()) before = now;
  }
}

async function startBackend(place: BackendPlace, directory: string, processes: ProcessGroup): Promise<Backend> {
  const { site, name, address } = place;
  const control = join(directory, `${site}-${name}.sock`);
  const args = ["--address", address, "--http", `${ports.backendHttp}`, "--tcp", `${ports.backendTcp}`];
  const identity = ["--site", site, "--name", name, "--control", control];
  const child = await processes.start(`${site}/${name}`, [process.execPath, program, ...args, ...identity]);
  const ready = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([ready, child.ended]);
  if (!Array.isArray(first))
    throw new Error(`backend ${site}/${name} on ${address} did not start (exit code ${first})`);
  return { place, control, child, state: "runs", attempts: 0 };
}

async function readAttempts(backend: Backend): Promise<void> {
  const { paths } = (await ask(backend.control, "GET", "/counters")) as BackendCounters;
  backend.attempts = paths.service + paths.bad;
}

async function ask(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const sent = request({ socketPath, method, path });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return json(response);
}
