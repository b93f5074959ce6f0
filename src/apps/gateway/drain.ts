/**
 * Taking a gateway out of service without losing a request.
 * @module
 */
import { z } from "zod";
import { askAdmin } from "../../adapters/envoy/admin-client.ts";
import { callLocal } from "../../adapters/http/local-client.ts";
import type { StatePaths } from "../../adapters/state/state-directory.ts";

/** How long clients and peers get to notice, in milliseconds: several of their checks. */
export const NOTICE_MS = 2_000;

/** How long connections get to end by themselves once nothing new is accepted, in milliseconds. */
export const DEADLINE_MS = 30_000;

const POLL_MS = 100;

const Stats = z.object({ stats: z.array(z.object({ name: z.string().optional(), value: z.number().optional() })) });

/**
 * Out of the catalog, not ready, a pause in which everybody notices, listeners drained, and the wait until nothing is under way.
 * Each step is tried even when the one before failed: a dead agent must not keep a gateway from draining.
 * @param say told what goes on
 */
export async function drainGateway(paths: StatePaths, say: (text: string) => void): Promise<void> {
  await step(say, "telling the agent", () => callLocal(paths.localSocket, "POST", "/drain", { draining: true }));
  await step(say, "failing the readiness check", () => askAdmin(paths.adminSocket, "POST", "/healthcheck/fail"));
  await pause(NOTICE_MS);
  await step(say, "draining listeners", () =>
    askAdmin(paths.adminSocket, "POST", "/drain_listeners?graceful&skip_exit"),
  );
  const end = Date.now() + DEADLINE_MS;
  // Twice: between two requests of one connection nothing is under way either.
  for (let idle = 0; idle < 2 && Date.now() < end; ) {
    await pause(POLL_MS);
    idle = (await underWay(paths.adminSocket)) === 0 ? idle + 1 : 0;
  }
}

/** Requests and TCP connections under way; 0 when Envoy does not answer any more. */
async function underWay(adminSocket: string): Promise<number> {
  try {
    const filter = encodeURIComponent("^(http\\.(client/|peers).*downstream_rq_active|tcp\\..*downstream_cx_active)$");
    const { stats } = Stats.parse(
      JSON.parse(await askAdmin(adminSocket, "GET", `/stats?format=json&filter=${filter}`)),
    );
    return stats.reduce((sum, { value }) => sum + (value ?? 0), 0);
  } catch {
    return 0;
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
