/**
 * Two clusters with Tandem as it sets itself up: simulated API servers, real controllers, agents and Envoys, joined by a
 * token. Nothing is prepared by hand.
 * @module
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { promisify } from "node:util";
import { LabProcesses } from "../../src/apps/lab/network/processes.ts";
import { ClusterSite, SOURCES, type SitePrograms } from "./cluster-site.ts";

const run = promisify(execFile);

/** How long gateways take to open their doors at most, in milliseconds, and how often somebody knocks. */
const JOIN_WITHIN_MS = 60_000;
const KNOCK_EVERY_MS = 200;

/** Where two clusters are and what is in them. */
export interface ClusterPairOptions {
  /** First two numbers of addresses. */
  readonly prefix: string;
  /** Of everything that their processes write. */
  readonly directory: string;
  /** The sources when absent. */
  readonly programs?: SitePrograms;
  /** Beside that of `shop/web`. */
  readonly namespaces?: readonly string[];
}

/** Two clusters with the pods of `shop/web`. */
export class ClusterPair {
  readonly west: ClusterSite;
  readonly east: ClusterSite;
  readonly processes: LabProcesses;
  readonly #options: ClusterPairOptions;

  private constructor(
    options: ClusterPairOptions,
    { west, east, processes }: Pick<ClusterPair, "west" | "east" | "processes">,
  ) {
    this.#options = options;
    [this.west, this.east, this.processes] = [west, east, processes];
  }

  /** Starts the API servers and the pods. Tandem runs in none of them yet. */
  static async start(options: ClusterPairOptions): Promise<ClusterPair> {
    const { prefix, ...rest } = options;
    const processes = new LabProcesses(options.directory);
    const [west, east] = await Promise.all([
      ClusterSite.start({ ...rest, processes, name: "west", prefix: `${prefix}.1` }),
      ClusterSite.start({ ...rest, processes, name: "east", prefix: `${prefix}.2` }),
    ]);
    return new ClusterPair(options, { west, east, processes });
  }

  /** Starts a controller and the gateways of these numbers in both, and joins the two. Returns the token that did it. */
  async startTandem(gateways: readonly number[]): Promise<string> {
    for (const site of [this.west, this.east]) {
      site.advertise(...gateways);
      await site.startController("1");
      for (const number of gateways) await site.startGateway(number);
    }
    for (const { cluster } of [this.west, this.east])
      await cluster.until((now) => now.read("/secrets", "tandem-authority", "tandem-system") !== undefined);
    const token = join(this.#options.directory, "east.token");
    await this.tandem(
      "token",
      "create",
      "--for",
      "east",
      "--kubeconfig",
      this.west.kubeconfig("admin"),
      "--out",
      token,
    );
    await this.#untilJoined(token);
    return token;
  }

  /** Runs a command. @throws Error with its output */
  async tandem(...args: readonly string[]): Promise<void> {
    await run(process.execPath, [(this.#options.programs ?? SOURCES).tandem, ...args]);
  }

  /** Ends everything that was started. */
  async close(): Promise<void> {
    await Promise.all([this.west.adoptEnvoys(), this.east.adoptEnvoys()]);
    await this.processes.endAll();
    await Promise.all([this.west.cluster.close(), this.east.cluster.close()]);
  }

  /** The gateways' doors open once they have their certificates. */
  async #untilJoined(token: string): Promise<void> {
    const end = performance.now() + JOIN_WITHIN_MS;
    for (;;) {
      try {
        await this.tandem("join", token, "--kubeconfig", this.east.kubeconfig("admin"));
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await after(KNOCK_EVERY_MS);
      }
    }
  }
}
