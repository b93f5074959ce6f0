/**
 * Two clusters with Tandem as it sets itself up: simulated API servers, real controllers, agents and Envoys, joined by a
 * token. What runs is compiled, as it is in an image.
 * @module
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { ClusterSite } from "../../test/e2e/cluster-site.ts";
import type { RunScope } from "../rig/process-group.ts";

const run = promisify(execFile);
const compiled = (path: string): string => fileURLToPath(new URL(`../../dist/apps/${path}`, import.meta.url));
const programs = { tandem: compiled("cli/main.js"), backend: compiled("lab/backend/main.js") };
const joinWithinMs = 60_000;
const pauseMs = 200;

/** Two clusters; Tandem runs in none of them yet. */
export interface ClusterPair {
  readonly west: ClusterSite;
  readonly east: ClusterSite;
  readonly processes: LabProcesses;
  readonly directory: string;
}

/** Where clusters are and what else is in them. */
export interface PairPlace {
  /** First two numbers of addresses. */
  readonly prefix: string;
  /** Beside those of `shop/web`. */
  readonly namespaces?: readonly string[];
}

/** Starts the API servers and the pods of `shop/web`. All of it ends with the scope. */
export async function startClusters(scope: RunScope, place: PairPlace): Promise<ClusterPair> {
  const { directory } = scope;
  const processes = new LabProcesses(directory);
  scope.processes.onEnd(() => processes.endAll());
  const start = async (name: string, number: number): Promise<ClusterSite> => {
    const prefix = `${place.prefix}.${number}`;
    const site = await ClusterSite.start({
      name,
      prefix,
      directory,
      processes,
      programs,
      namespaces: place.namespaces ?? [],
    });
    scope.processes.onEnd(() => site.cluster.close());
    return site;
  };
  const [west, east] = [await start("west", 1), await start("east", 2)];
  // What is registered last is done first: Envoys end before those that started them.
  scope.processes.onEnd(() => west.adoptEnvoys());
  return { west, east, processes, directory };
}

/** Starts a controller and the gateways in both, and joins them. */
export async function startTandem(pair: ClusterPair, gateways: readonly number[]): Promise<void> {
  const { west, east, directory } = pair;
  for (const site of [west, east]) {
    site.advertise(...gateways);
    await site.startController("1");
    for (const number of gateways) await site.startGateway(number);
  }
  for (const { cluster } of [west, east])
    await cluster.until((now) => now.read("/secrets", "tandem-authority", "tandem-system") !== undefined);
  const token = join(directory, "east.token");
  await tandem("token", "create", "--for", "east", "--kubeconfig", west.kubeconfig("admin"), "--out", token);
  await untilJoined(token, east);
}

async function untilJoined(token: string, site: ClusterSite): Promise<void> {
  const end = performance.now() + joinWithinMs;
  for (;;) {
    try {
      await tandem("join", token, "--kubeconfig", site.kubeconfig("admin"));
      return;
    } catch (error) {
      // The gateways' doors open once they have their certificates.
      if (performance.now() > end) throw error;
      await after(pauseMs);
    }
  }
}

async function tandem(...args: readonly string[]): Promise<void> {
  await run(process.execPath, [programs.tandem, ...args]);
}
