/**
 * Taking a gateway into service: it says that it is ready when it can serve, not before.
 * @module
 */
import { z } from "zod";
import { askAdmin, countFailingHops } from "../../adapters/envoy/admin-client.ts";
import { callLocal } from "../../adapters/http/local-client.ts";
import type { StatePaths } from "../../adapters/state/state-directory.ts";

/** How long a peer's gateway that does not answer keeps this one from being ready, in milliseconds: several checks. */
const PATIENCE_MS = 1_000;

/** Envoy is asked about every host of every service: not more often than it is worth. */
const POLL_MS = 100;

/** Readiness must be held back before a configuration from the agent's snapshot is in force, which takes some 100 ms. */
const HOLD_POLL_MS = 5;

const ServerInfo = z.object({ state: z.string().default("LIVE") });

/**
 * Holds the readiness of a new Envoy back until it is configured and reaches the gateways of peers, and only then takes
 * back the drain that the one before announced. Envoy itself would be ready earlier: it checks hosts before it opens
 * listeners, and a peer's gateway is reached through a listener of its own. Until the second check every peer counts as
 * dead, and requests fail if the local endpoints are dead indeed.
 * @param wanted whether the gateway is still to be taken into service; asked before each step
 */
export async function admitGateway(paths: StatePaths, wanted: () => boolean): Promise<void> {
  const { adminSocket } = paths;
  await until(wanted, () => askAdmin(adminSocket, "POST", "/healthcheck/fail").then(() => true), HOLD_POLL_MS);
  // With readiness held back a configured Envoy calls itself draining.
  await until(wanted, async () => ["LIVE", "DRAINING"].includes(await stateOf(adminSocket)));
  const end = Date.now() + PATIENCE_MS;
  await until(
    () => wanted() && Date.now() < end,
    async () => (await countFailingHops(adminSocket)) === 0,
  );
  if (!wanted()) return;
  await until(wanted, () => askAdmin(adminSocket, "POST", "/healthcheck/ok").then(() => true));
  // An agent that does not run yet knows of no drain.
  if (wanted()) await callLocal(paths.localSocket, "POST", "/drain", { draining: false }).catch(() => {});
}

async function stateOf(adminSocket: string): Promise<string> {
  return ServerInfo.parse(JSON.parse(await askAdmin(adminSocket, "GET", "/server_info"))).state;
}

/** Waits until something holds, or is not wanted any more. What fails does not hold yet. */
async function until(wanted: () => boolean, holds: () => Promise<boolean>, everyMs = POLL_MS): Promise<void> {
  while (wanted() && !(await holds().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, everyMs));
}
