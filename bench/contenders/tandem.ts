/**
 * Tandem as a user sets it up: two sites joined by tokens, two gateways with an agent each.
 * @module
 */
import { join } from "node:path";
import { Lab } from "../../src/apps/lab/network/lab.ts";
import { LAB_DEFAULTS, type LabOptions, type LabSite } from "../../src/apps/lab/network/layout.ts";
import type { BackendPlace } from "../rig/topology.ts";
import type { Contender, ContenderSetup, Part, RunningContender } from "./contender.ts";

/** Tandem with every setting of its policy at its default. */
export const tandem: Contender = contender("tandem", "Tandem, policy with defaults.", {});

/** Tandem for machines that are never too busy to answer a check in 100 ms. */
export const tandemFast: Contender = contender("tandem-fast", "Tandem, `profile: fast`, `perTryTimeout: 250ms`.", {
  profile: "fast",
  perTryTimeout: "250ms",
});

function contender(name: string, description: string, settings: Partial<LabOptions>): Contender {
  return { name, description, supports: () => true, start: (setup) => start(setup, settings) };
}

async function start(setup: ContenderSetup, settings: Partial<LabOptions>): Promise<RunningContender> {
  const directory = join(setup.directory, "lab");
  setup.processes.onEnd(() => Lab.down(directory));
  const [gateway] = setup.topology.west.gateways;
  const options: LabOptions = {
    ...LAB_DEFAULTS,
    ...settings,
    directory,
    prefix: gateway.split(".").slice(0, 2).join("."),
    holdDown: "30s",
    tcpCheck: setup.check === "tcp-connect" ? "connect" : "sendReceive",
    endpoints: "given",
  };
  const lab = await Lab.up(options, () => {});
  const targets = lab.targets(setup.protocol);
  const [west, east] = lab.sites;
  return {
    targets,
    localGateways: parts(lab, west, "envoy"),
    peerGateways: parts(lab, east, "envoy"),
    localAgents: parts(lab, west, "agent"),
    peerAgents: parts(lab, east, "agent"),
    // Gateways that left are no news to clients: they ask each gateway's readiness themselves.
    publishEndpoints: async (ready) => {
      await lab.writeEndpoints(west, unready(west, ready.west.backends));
      await lab.writeEndpoints(east, unready(east, ready.east.backends));
      return targets;
    },
  };
}

function parts(lab: Lab, site: LabSite, process: "envoy" | "agent"): readonly Part[] {
  return site.gateways.map(({ name }): Part => {
    const signal = (kind: NodeJS.Signals): Promise<void> =>
      lab.processes.signal(lab.processes.find(`${process}/${name}`), kind);
    return { name: `${process} ${name}`, crash: () => signal("SIGKILL"), hang: () => signal("SIGSTOP") };
  });
}

function unready(site: LabSite, ready: readonly BackendPlace[]): ReadonlySet<string> {
  return new Set(site.endpoints.map(({ name }) => name).filter((name) => !ready.some((place) => place.name === name)));
}
