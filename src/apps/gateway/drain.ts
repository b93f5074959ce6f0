/**
 * Taking a gateway out of service without losing a request.
 * @module
 */
import { z } from "zod";
import { askAdmin } from "../../adapters/envoy/admin-client.ts";
import { callLocal } from "../../adapters/http/local-client.ts";
import { nobodyListens } from "../../adapters/http/nobody-listens.ts";
import type { StatePaths } from "../../adapters/state/state-directory.ts";

/** How long the agents of peers get to move on, in milliseconds: a message, a decision, an update of their Envoys. */
const MOVE_MS = 1_000;

/** While clients still come, somebody has not noticed: they are waited for, for as long as this, in milliseconds. */
const NEWCOMERS_MS = 10_000;

/** How long nobody must have come, in milliseconds. */
const QUIET_MS = 500;

/** How long connections get to end by themselves once nothing new is accepted, in milliseconds. */
const DEADLINE_MS = 30_000;

/**
 * How long connections on which nothing is under way are waited for, in milliseconds: the next answer on each ends it, and
 * whoever sends a request in the moment in which it is cut off loses it.
 */
const IDLE_MS = 3_000;

const POLL_MS = 100;

const Stats = z.object({ stats: z.array(z.object({ name: z.string().optional(), value: z.number().optional() })) });

/** How a gateway is drained. */
export interface DrainOptions {
  /** How long clients get to notice that it is not ready, in milliseconds: several of their checks. Longer while they still come. */
  readonly noticeMs: number;
  /** Told what goes on; for people. */
  readonly say: (text: string) => void;
}

/**
 * Out of the catalog, so that peers move on; not ready, so that clients do; listeners closed once none comes any more; and the
 * wait until nothing is under way.
 * Peers come first: a check that fails ends their TCP connections, unless they have heard before that this gateway only drains.
 * Each step is tried even when the one before failed: a dead agent must not keep a gateway from draining.
 */
export async function drainGateway(paths: StatePaths, { noticeMs, say }: DrainOptions): Promise<void> {
  await step(say, "telling the agent", () => callLocal(paths.localSocket, "POST", "/drain", { draining: true }));
  await pause(MOVE_MS);
  // From here on each answer ends its connection: `connection: close`, or GOAWAY.
  await step(say, "failing the readiness check", () => askAdmin(paths.adminSocket, "POST", "/healthcheck/fail"));
  await pause(noticeMs);
  await untilNobodyComes(paths.adminSocket);
  // Who comes all the same is refused and goes elsewhere. The hops stay open: a request under way may still need one for a retry.
  await step(say, "closing the listeners", () => askAdmin(paths.adminSocket, "POST", "/drain_listeners?inboundonly"));
  await untilNone(paths.adminSocket, UNDER_WAY, DEADLINE_MS);
  await untilNone(paths.adminSocket, OPEN, IDLE_MS);
}

/** Requests and TCP connections under way. A TCP connection is a request of its cluster; the TCP proxy has no such gauge. */
const UNDER_WAY = "^(http\\.(client/|peers).*downstream_rq_active|cluster\\.(in|tier)/.*upstream_rq_active)$";

/** Connections of clients over which requests may come. */
const OPEN = "^http\\.client/.*downstream_cx_active$";

/** Connections of clients that there have been. */
const COME = "^(http|tcp)\\.client/.*downstream_cx_total$";

/** What spreads the word of a gateway that is not ready may be late, and a connection to a closed listener is a failed one. */
async function untilNobodyComes(adminSocket: string): Promise<void> {
  const end = Date.now() + NEWCOMERS_MS;
  let quietSince = Date.now();
  let before: number | undefined;
  while (Date.now() < end && Date.now() - quietSince < QUIET_MS) {
    const come = await sumOf(adminSocket, COME);
    if (come === undefined || (before !== undefined && come > before)) quietSince = Date.now();
    before = come ?? before;
    await pause(POLL_MS);
  }
}

/** Twice: between two requests of one connection nothing is under way either. */
async function untilNone(adminSocket: string, gauges: string, longestMs: number): Promise<void> {
  const end = Date.now() + longestMs;
  for (let none = 0; none < 2 && Date.now() < end; ) {
    await pause(POLL_MS);
    none = (await sumOf(adminSocket, gauges)) === 0 ? none + 1 : 0;
  }
}

/** None when Envoy is gone; undefined when it does not say, and has to be asked again. */
async function sumOf(adminSocket: string, gauges: string): Promise<number | undefined> {
  try {
    const filter = encodeURIComponent(gauges);
    const { stats } = Stats.parse(
      JSON.parse(await askAdmin(adminSocket, "GET", `/stats?format=json&filter=${filter}`)),
    );
    return stats.reduce((sum, { value }) => sum + (value ?? 0), 0);
  } catch (error) {
    return nobodyListens(error) ? 0 : undefined;
  }
}

async function step(say: (text: string) => void, what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
    say(what);
  } catch (error) {
    say(`${what} failed: ${String(error)}`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
