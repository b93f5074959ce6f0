/**
 * A whole network on one machine: two sites, joined by tokens as a person would join them.
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { statePaths } from "../../../adapters/state/state-directory.ts";
import { replaceFile } from "../../../adapters/state/write-file.ts";
import { TandemError } from "../../../model/errors.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { claimLabDirectory, clearLabDirectory, readLabRecord, removeLabDirectory } from "./lab-directory.ts";
import { ENDPOINT_PORTS, type LabGateway, type LabOptions, type LabSite, labSites, LAB_PORTS } from "./layout.ts";
import { endpointManifests, serviceManifests } from "./manifests.ts";
import { LabProcesses } from "./processes.ts";

const run = promisify(execFile);

/** This code runs from sources and, when packed, compiled: programs beside it have the same ending. */
const ENDING = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const TANDEM = fileURLToPath(new URL(`../../cli/main${ENDING}`, import.meta.url));
const BACKEND = fileURLToPath(new URL(`../backend/main${ENDING}`, import.meta.url));

const POLL_MS = 50;
const READY_WITHIN_MS = 30_000;

const GatewayProcesses = z.object({ gateway: z.object({ pid: z.number() }), envoy: z.object({ pid: z.number() }) });

/** A lab that is up. */
export class Lab {
  readonly options: LabOptions;
  readonly sites: readonly [LabSite, LabSite];
  readonly processes: LabProcesses;

  constructor(options: LabOptions) {
    this.options = options;
    this.sites = labSites(options);
    this.processes = new LabProcesses(options.directory);
  }

  /**
   * Brings a lab up, ending what a former one in the same directory left behind.
   * @param say told what goes on
   * @throws TandemError LabFailed with the log of what did not come up, DirectoryInUse when the directory holds anything
   *   but a lab
   */
  static async up(chosen: LabOptions, say: (text: string) => void): Promise<Lab> {
    const options = { ...chosen, directory: resolve(chosen.directory) };
    await claimLabDirectory(options);
    const ended = await new LabProcesses(options.directory).endAll();
    if (ended > 0) say(`ended ${ended} processes of a former lab`);
    await clearLabDirectory(options.directory);
    const lab = new Lab(options);
    try {
      await lab.#bringUp(say);
    } catch (error) {
      await lab.processes.endAll();
      throw error;
    }
    return lab;
  }

  /**
   * The lab of a directory.
   * @throws TandemError LabNotRunning
   */
  static async open(directory: string): Promise<Lab> {
    const options = await readLabRecord(directory);
    if (options === undefined) throw new TandemError("LabNotRunning", `no lab in ${directory}`);
    const lab = new Lab(options);
    if ((await lab.processes.running()).length === 0)
      throw new TandemError("LabNotRunning", `the lab in ${directory} has ended`);
    return lab;
  }

  /**
   * Ends every process of the lab of a directory and removes its files. Gives how many were ended; undefined when the
   * directory is not a lab's: nothing in it is touched then.
   */
  static async down(directory: string): Promise<number | undefined> {
    if ((await readLabRecord(directory)) === undefined) return undefined;
    const ended = await new LabProcesses(directory).endAll();
    await removeLabDirectory(directory);
    return ended;
  }

  /** Where clients of `west` connect: both of its gateways, and where each says that it takes connections. */
  targets(protocol: "http" | "tcp"): readonly { readonly address: string; readonly ready: string }[] {
    return this.sites[0].gateways.map(({ address }) => ({
      address: `${address}:${LAB_PORTS[protocol]}`,
      ready: `${address}:${LAB_PORTS.ready}/ready`,
    }));
  }

  /** A gateway by name. */
  gateway(name: string): LabGateway | undefined {
    return this.sites.flatMap((site) => site.gateways).find((gateway) => gateway.name === name);
  }

  /** What a gateway's agent says. */
  async status(gateway: LabGateway): Promise<AgentStatus> {
    return (await callLocal(statePaths(gateway.state).localSocket, "GET", "/status")) as AgentStatus;
  }

  /** Starts the agent of a gateway. */
  async startAgent(site: LabSite, gateway: LabGateway): Promise<void> {
    await this.processes.start(`agent/${gateway.name}`, [
      TANDEM,
      "agent",
      "--site",
      site.manifests,
      "--state",
      gateway.state,
    ]);
    await this.#until(`agent/${gateway.name}`, () => this.status(gateway).then(() => true));
  }

  /** Starts the Envoy of a gateway. */
  async startGateway(gateway: LabGateway): Promise<void> {
    const { pid } = await this.processes.start(`gateway/${gateway.name}`, [
      TANDEM,
      "gateway",
      "run",
      "--state",
      gateway.state,
      "--concurrency",
      "1",
    ]);
    await this.#until(`gateway/${gateway.name}`, async () => {
      const { gatewayProcess } = statePaths(gateway.state);
      const record = GatewayProcesses.parse(JSON.parse(await readFile(gatewayProcess, "utf8")));
      // Until then an Envoy whose gateway was killed may still be the one that is ready.
      if (record.gateway.pid !== pid) return false;
      await this.processes.adopt(`envoy/${gateway.name}`, record.envoy.pid);
      return (await this.status(gateway)).envoy === "ready";
    });
  }

  /** Starts an endpoint. */
  async startEndpoint(site: LabSite, name: string): Promise<void> {
    const endpoint = site.endpoints.find((one) => one.name === name);
    if (endpoint === undefined) throw new TandemError("InvalidArgument", `${site.name} has no endpoint ${name}`);
    await rm(endpoint.control, { force: true });
    const ports = [
      "--address",
      endpoint.address,
      "--http",
      String(ENDPOINT_PORTS.http),
      "--tcp",
      String(ENDPOINT_PORTS.tcp),
    ];
    const id = `endpoint/${site.name}/${name}`;
    await this.processes.start(id, [
      BACKEND,
      ...ports,
      "--site",
      site.name,
      "--name",
      name,
      "--control",
      endpoint.control,
      "--latency",
      this.options.latency,
    ]);
    await this.#until(id, () => Promise.resolve(existsSync(endpoint.control)));
  }

  /** Writes the endpoints of a site, some of them not ready. */
  async writeEndpoints(site: LabSite, unready: ReadonlySet<string>): Promise<void> {
    await replaceFile(join(site.manifests, "endpoints.yaml"), endpointManifests(site, unready), 0o644);
  }

  /** Waits until all gateways see all sites' services well. */
  async waitUntilWell(): Promise<void> {
    for (const gateway of this.sites.flatMap((site) => site.gateways)) {
      await this.#until(`agent/${gateway.name}`, async () => {
        const { services, peers } = await this.status(gateway);
        const well = services.every(
          (service) =>
            service.sites.length === this.sites.length &&
            service.servingSite === service.sites[0]?.name &&
            service.sites.every((site) => site.healthy === site.total && site.total > 1),
        );
        return services.length === 2 && well && peers.every((peer) => peer.connected);
      });
    }
  }

  async #bringUp(say: (text: string) => void): Promise<void> {
    if (this.options.endpoints === "own") {
      say("starting the services of both sites");
      await this.#startEndpoints();
    }
    await Promise.all(this.sites.map((site) => this.#bringUpSite(site, say)));
    const [west, east] = this.sites;
    say("joining west and east with a token");
    const token = join(this.options.directory, "join.token");
    await this.#tandem("token", "create", "--for", east.name, "--out", token, "--state", first(west).state);
    await this.#tandem("join", token, "--state", first(east).state);
    await rm(token);
    say("waiting until every gateway sees both sites healthy");
    await this.waitUntilWell();
  }

  async #startEndpoints(): Promise<void> {
    const endpoints = this.sites.flatMap((site) => site.endpoints.map(({ name }) => ({ site, name })));
    await Promise.all(endpoints.map(({ site, name }) => this.startEndpoint(site, name)));
  }

  async #bringUpSite(site: LabSite, say: (text: string) => void): Promise<void> {
    say(`${site.name}: authority, two gateways with an agent each`);
    const [one, two] = site.gateways;
    if (one === undefined || two === undefined) return;
    const gateways = site.gateways.flatMap(({ name, address }) => [
      "--gateway",
      `${name}=${address}:${LAB_PORTS.peers}`,
    ]);
    await this.#tandem(
      "site",
      "init",
      "--name",
      site.name,
      ...gateways,
      "--site",
      site.manifests,
      "--state",
      one.state,
    );
    await writeFile(join(site.manifests, "services.yaml"), serviceManifests(this.options, this.sites));
    await this.writeEndpoints(site, new Set());
    await this.startAgent(site, one);
    await this.startGateway(one);
    const token = join(this.options.directory, `${two.name}.token`);
    await this.#tandem("token", "create", "--gateway", two.name, "--out", token, "--state", one.state);
    await this.#tandem("gateway", "enrol", token, "--state", two.state);
    await rm(token);
    await this.startAgent(site, two);
    await this.startGateway(two);
  }

  async #tandem(...args: string[]): Promise<void> {
    try {
      await run(process.execPath, [TANDEM, ...args]);
    } catch (error) {
      const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
      throw new TandemError("LabFailed", `tandem ${args.slice(0, 2).join(" ")}: ${text.trim()}`, { cause: error });
    }
  }

  async #until(id: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + READY_WITHIN_MS;
    for (;;) {
      if (await holds().catch(() => false)) return;
      const ended = this.processes.find(id).length > 0 && (await this.processes.running(id)).length === 0;
      if (ended || Date.now() > end) {
        const log = await readFile(this.processes.logOf(id), "utf8").catch(() => "");
        throw new TandemError(
          "LabFailed",
          `${id} ${ended ? "ended" : "did not become ready"}; ${this.processes.logOf(id)} ends with:\n${log.split("\n").slice(-8).join("\n")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function first(site: LabSite): LabGateway {
  const [gateway] = site.gateways;
  if (gateway === undefined) throw new Error(`${site.name} has no gateway`);
  return gateway;
}
