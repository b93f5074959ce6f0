/**
 * The service: three backends a site, with their faults and counters. Those of a site are one process, so that all die in
 * the same instant: three that die at once on two processors take the kernel tens of milliseconds to clear away.
 * @module
 */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { BackendCounters } from "../../src/apps/lab/backend/counters.ts";
import type { Fault } from "../../src/apps/lab/backend/fault.ts";
import type { Child, ProcessGroup } from "./process-group.ts";
import { ports, type SiteName, type SitePlace, type Topology } from "./topology.ts";

// Compiled, and with little memory: what is small dies quickly.
const program = fileURLToPath(new URL("../../dist/apps/lab/backend/main.js", import.meta.url));
const smallHeap = ["--max-semi-space-size=1", "--v8-pool-size=0"];

const warmUpRequests = 1000;

interface Backend {
  readonly site: SiteName;
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
    const sites = [topology.west, topology.east];
    const backends = await Promise.all(sites.map((place) => startBackend(place, directory, processes)));
    await warmUp(sites.flatMap((place) => place.backends.map(({ address }) => address)));
    return new Backends(backends);
  }

  /** Kills or stops every backend of the sites with a signal, or sets a fault in all of them. */
  async fail(sites: readonly SiteName[], fault: "crash" | "hang" | Fault): Promise<void> {
    const concerned = this.backends.filter(({ site }) => sites.includes(site));
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

async function startBackend(place: SitePlace, directory: string, processes: ProcessGroup): Promise<Backend> {
  const { name: site } = place;
  const addresses = place.backends.map(({ address }) => address).join(",");
  const control = join(directory, `${site}-web.sock`);
  const args = ["--address", addresses, "--http", `${ports.backendHttp}`, "--tcp", `${ports.backendTcp}`];
  const identity = ["--site", site, "--name", "web", "--control", control];
  const command = [process.execPath, ...smallHeap, program, ...args, ...identity] as const;
  const child = await processes.start(`${site}/web`, command);
  const ready = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([ready, child.ended]);
  if (!Array.isArray(first))
    throw new Error(`the backends of ${site} on ${addresses} did not start (exit code ${first})`);
  return { site, control, child, state: "runs", attempts: 0 };
}

/** Has each endpoint answer what compiles its code: a second home that serves its own users is warm as well. */
async function warmUp(addresses: readonly string[]): Promise<void> {
  for (const host of addresses) {
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    await Promise.all(Array.from({ length: warmUpRequests }, () => getOnce(host, agent)));
    agent.destroy();
  }
}

async function getOnce(host: string, agent: Agent): Promise<void> {
  const sent = request({ host, port: ports.backendHttp, agent });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  await text(response);
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
