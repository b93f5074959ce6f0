/**
 * Gateways that go away under load, one after the other or all of a sudden: nobody notices who need not.
 * @module
 */
import { mkdtemp } from "node:fs/promises";
import { connect, type Socket } from "node:net";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { askAdmin } from "../../src/adapters/envoy/admin-client.ts";
import { statePaths } from "../../src/adapters/state/state-directory.ts";
import { breakIt, heal, parseTarget } from "../../src/apps/lab/network/faults.ts";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS, LAB_PORTS, type LabGateway } from "../../src/apps/lab/network/layout.ts";
import { type LabLoad, startLoad } from "../../src/apps/lab/network/load.ts";
import type { FailureLine, SummaryLine } from "../../src/apps/lab/load/lines.ts";

const PATIENT = { timeout: 40_000, interval: 20 };

let lab: Lab;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "td-"));
  lab = await Lab.up(
    {
      ...LAB_DEFAULTS,
      directory,
      prefix: "127.62",
      holdDown: "1s",
      // Long enough for several requests to be under way in a gateway at any moment.
      latency: "20ms",
    },
    () => {},
  );
}, 120_000);

afterAll(async () => {
  await Lab.down(lab.options.directory);
});

/** Load that goes on until it is told to end. */
class Load {
  /** When the first request was due, in Unix milliseconds; resolves when answers come. */
  readonly flows: Promise<number>;
  readonly failures: FailureLine[] = [];
  readonly #sent: ReturnType<typeof startLoad>;

  constructor(load: Pick<LabLoad, "protocol" | "rate">) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.flows = promise;
    let startedAt = 0;
    this.#sent = startLoad(lab, { method: "GET", durationMs: 600_000, ...load }, (line) => {
      if (line.type === "start") startedAt = line.epochMs;
      if (line.type === "failure") this.failures.push(line);
      if (line.type === "progress" && line.ok > 0) resolve(startedAt);
    });
    onTestFinished(() => this.#sent.stop());
  }

  /** Sends no more and waits for all answers. */
  async end(): Promise<SummaryLine> {
    this.#sent.stop();
    return this.#sent.summary;
  }
}

/** Both kinds of load at once, answered already. */
async function loads(): Promise<readonly [Load, Load]> {
  const both = [new Load({ protocol: "http", rate: 200 }), new Load({ protocol: "tcp", rate: 50 })] as const;
  await Promise.all(both.map((load) => load.flows));
  return both;
}

function gateways(): readonly LabGateway[] {
  return lab.sites.flatMap((site) => site.gateways);
}

function gateway(name: string): LabGateway {
  const found = lab.gateway(name);
  if (found === undefined) throw new Error(`no gateway ${name}`);
  return found;
}

async function untilEnded(...ids: readonly string[]): Promise<void> {
  await expect.poll(() => lab.processes.running(...ids), PATIENT).toEqual([]);
}

/** Drains a gateway and waits until its processes are gone and its agent knows. */
async function drain({ name, state }: LabGateway): Promise<void> {
  await lab.processes.signal(lab.processes.find(`gateway/${name}`), "SIGTERM");
  await untilGone({ name, state });
}

async function untilGone({ name, state }: Pick<LabGateway, "name" | "state">): Promise<void> {
  await untilEnded(`gateway/${name}`, `envoy/${name}`);
  await expect.poll(() => lab.status({ name, state, address: "" }).then(({ envoy }) => envoy), PATIENT).toBe("absent");
}

/** Waits until every agent counts everything in `sites`. */
async function untilSeen(sites: readonly string[]): Promise<void> {
  for (const one of gateways()) {
    const missing = async (): Promise<readonly string[]> => {
      const { services, peers } = await lab.status(one);
      return [
        ...peers.filter((peer) => !peer.connected).map((peer) => `${one.name} does not hear ${peer.name}`),
        ...services.flatMap(({ service, sites: seen }) =>
          seen
            .filter(({ name, healthy, total }) => sites.includes(name) && (healthy < total || total < 2))
            .map(({ name, healthy, total }) => `${one.name} sees ${healthy} of ${total} for ${service} in ${name}`),
        ),
      ];
    };
    await expect.poll(missing, PATIENT).toEqual([]);
  }
}

/** Waits until a gateway is used again: its Envoy has passed on requests of each of the clusters. */
async function untilUsed({ state }: LabGateway, clusters: readonly string[]): Promise<void> {
  const { adminSocket } = statePaths(state);
  for (const cluster of clusters)
    await expect.poll(() => statistic(adminSocket, `cluster.${cluster}.upstream_rq_total`), PATIENT).toBeGreaterThan(0);
}

async function statistic(adminSocket: string, name: string): Promise<number> {
  const text = await askAdmin(adminSocket, "GET", `/stats?filter=${encodeURIComponent(`^${name}$`)}`);
  return Number(/: (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function mend(): Promise<void> {
  await heal(lab, undefined);
  await lab.waitUntilWell();
}

describe("all four gateways restarted in turn lose nothing while", () => {
  test.each([
    { name: "west serves itself", killed: false },
    { name: "east serves west", killed: true },
  ])("$name", { timeout: 240_000 }, async ({ killed }) => {
    onTestFinished(mend, 60_000);
    const serving = killed ? "east" : "west";
    if (killed) {
      await breakIt(lab, parseTarget(lab, "west"), "crash");
      await untilServing("east");
    }
    const [http, tcp] = await loads();
    for (const one of gateways()) {
      await drain(one);
      await lab.startGateway(one);
      await untilSeen(killed ? ["east"] : ["west", "east"]);
      const local = one.name.startsWith("west");
      if (local) await untilUsed(one, ["out/shop/web/80", `tier/shop/echo/7000/${serving}`]);
      else if (killed) await untilUsed(one, ["in/shop/web/80", "in/shop/echo/7000"]);
    }
    const summaries = await Promise.all([http.end(), tcp.end()]);
    expect(http.failures).toEqual([]);
    expect(tcp.failures).toEqual([]);
    for (const { failed, unfinished, servedBy, requests } of summaries) {
      expect({ failed, unfinished }).toEqual({ failed: 0, unfinished: 0 });
      expect(servedBy).toEqual({ [serving]: requests });
    }
  });
});

/**
 * The rule: a request fails only if it was under way in the gateway when that died. So each failed one was sent to this
 * gateway, lost by its connection's end, and sent before the client could know: before the process was gone, or before
 * the client had seen what was sent until then break. And they are no more than were under way there when the first break
 * was seen, and those sent since then on connections that had not been seen to break yet.
 */
test("of a killed gateway only the requests under way in it are lost, and no new connection", async () => {
  onTestFinished(mend, 60_000);
  const victim = gateway("west-1");
  const [http, tcp] = await loads();
  await untilUsed(victim, ["out/shop/web/80", "tier/shop/echo/7000/west"]);
  const killedAt = Date.now();
  await lab.processes.signal(lab.processes.find("envoy/west-1"), "SIGKILL");
  // Its parent ends when all its threads have: only then are all its sockets closed, though it counts as dead before.
  await untilEnded("gateway/west-1");
  // The clock cuts off the rest of a millisecond.
  const goneAt = Date.now() + 1;
  await untilGone(victim);
  await lab.startGateway(victim);
  await untilUsed(victim, ["out/shop/web/80", "tier/shop/echo/7000/west"]);
  for (const load of [http, tcp]) {
    const summary = await load.end();
    const startedAt = await load.flows;
    const failures = load.failures.toSorted((left, right) => left.atMs - right.atMs);
    // Only the first 20 failures are told one by one.
    expect(failures).toHaveLength(summary.failed);
    const first = failures[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const sentSince = failures.filter(({ sentMs }) => (sentMs ?? 0) > first).length;
    expect(failures.length).toBeLessThanOrEqual((failures[0]?.underWay ?? 0) + sentSince);
    const gone = goneAt - startedAt;
    const seen = Math.max(gone, ...failures.filter(({ sentMs }) => (sentMs ?? 0) <= gone).map(({ atMs }) => atMs));
    for (const { target, reason, sentMs, atMs } of failures) {
      expect(target).toBe(`${victim.address}:${LAB_PORTS[summary.protocol]}`);
      expect(["closed", "ECONNRESET", "EPIPE"]).toContain(reason);
      expect(startedAt + atMs).toBeGreaterThanOrEqual(killedAt - 1);
      expect(sentMs).toBeLessThanOrEqual(seen);
    }
    expect(summary.unfinished).toBe(0);
    expect(summary.servedBy).toEqual({ west: summary.ok });
  }
});

test("the Envoy of a killed gateway process goes on serving, and the next gateway replaces it", async () => {
  onTestFinished(mend, 60_000);
  const victim = gateway("west-1");
  const [http, tcp] = await loads();
  const [envoy] = lab.processes.find("envoy/west-1");
  await lab.processes.kill(lab.processes.find("gateway/west-1"));
  const served = await statistic(statePaths(victim.state).adminSocket, "cluster.out/shop/web/80.upstream_rq_total");
  await expect
    .poll(() => statistic(statePaths(victim.state).adminSocket, "cluster.out/shop/web/80.upstream_rq_total"), PATIENT)
    .toBeGreaterThan(served + 100);
  await lab.startGateway(victim);
  expect(lab.processes.find("envoy/west-1")[0]?.pid).not.toBe(envoy?.pid);
  await untilUsed(victim, ["out/shop/web/80", "tier/shop/echo/7000/west"]);
  for (const load of [http, tcp]) {
    const { ok, requests, servedBy } = await load.end();
    expect(load.failures).toEqual([]);
    expect({ ok, servedBy }).toEqual({ ok: requests, servedBy: { west: requests } });
  }
});

/** A connection to the TCP service through a gateway of west, which asks and is answered whenever the test wants. */
class Talk {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;

  constructor({ address }: LabGateway) {
    this.#socket = connect({ host: address, port: LAB_PORTS.tcp });
    this.#answers = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
    onTestFinished(() => void this.#socket.destroy());
  }

  async ping(): Promise<string> {
    this.#socket.write("ping\n");
    const { value, done } = await this.#answers.next();
    return done === true ? "the connection ended" : value;
  }

  end(): void {
    this.#socket.end();
  }
}

test("a TCP connection through two gateways has its time when the far one is drained", async () => {
  onTestFinished(mend, 60_000);
  await breakIt(lab, parseTarget(lab, "west"), "crash");
  await untilServing("east");
  const talk = new Talk(gateway("west-1"));
  expect(await talk.ping()).toContain("pong east/");
  const carries = await Promise.all(lab.sites[1].gateways.map(({ state }) => carriesTcp(state)));
  const far = lab.sites[1].gateways.find((_one, index) => (carries[index] ?? 0) > 0);
  if (far === undefined) throw new Error("no gateway of east carries the connection");
  await lab.processes.signal(lab.processes.find(`gateway/${far.name}`), "SIGTERM");
  await expect.poll(() => isRefused(far.address, LAB_PORTS.peers), PATIENT).toBe(true);
  expect(await talk.ping()).toContain("pong east/");
  expect(await carriesTcp(far.state)).toBe(1);
  talk.end();
  await untilGone(far);
});

function carriesTcp(state: string): Promise<number> {
  return statistic(statePaths(state).adminSocket, "cluster.in/shop/echo/7000.upstream_rq_active");
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(false));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function untilServing(site: string): Promise<void> {
  for (const one of lab.sites[0].gateways) {
    const serving = async (): Promise<readonly (string | undefined)[]> =>
      (await lab.status(one)).services.map(({ servingSite }) => servingSite);
    await expect.poll(serving, PATIENT).toEqual([site, site]);
  }
}
