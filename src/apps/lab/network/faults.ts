/**
 * What can be broken in a lab, and how it is mended.
 * @module
 */
import { TandemError } from "../../../model/errors.ts";
import type { Fault } from "../backend/fault.ts";
import { setFault } from "./control.ts";
import type { Lab } from "./lab.ts";
import type { LabSite } from "./layout.ts";
import type { LabProcess } from "./processes.ts";

/** Faults of a service. */
export const SERVICE_FAULTS = ["crash", "hang", "5xx", "half", "partial", "slow", "reset", "unready", "check"] as const;

/** Kind of a fault. */
export type FaultKind = (typeof SERVICE_FAULTS)[number];

/** What is broken: all or one of a site's endpoints, a gateway, an agent. */
export type FaultTarget =
  | { readonly of: "service"; readonly site: LabSite; readonly endpoints: readonly string[] }
  | { readonly of: "gateway" | "agent"; readonly name: string };

/**
 * Reads a target: `west` (all endpoints there), `west/web-1`, `gateway/west-1`, `agent/west-1`.
 * @throws TandemError InvalidArgument
 */
export function parseTarget(lab: Lab, text: string): FaultTarget {
  const [head = "", name] = text.split("/");
  if ((head === "gateway" || head === "agent") && name !== undefined) {
    if (lab.gateway(name) !== undefined) return { of: head, name };
    throw new TandemError("InvalidArgument", `there is no gateway ${name}`, {
      remedy: `Use one of ${gatewayNames(lab).join(", ")}`,
    });
  }
  const site = lab.sites.find((one) => one.name === head);
  if (site === undefined) {
    throw new TandemError("InvalidArgument", `${JSON.stringify(text)} is nothing that can be broken`, {
      remedy: "Write west, west/web-1, gateway/west-1 or agent/west-1",
    });
  }
  const endpoints = site.endpoints.map((endpoint) => endpoint.name);
  if (name === undefined) return { of: "service", site, endpoints };
  if (endpoints.includes(name)) return { of: "service", site, endpoints: [name] };
  throw new TandemError("InvalidArgument", `${site.name} has no endpoint ${name}`, {
    remedy: `Use one of ${endpoints.join(", ")}`,
  });
}

/** Breaks something. @param share of the requests that fail, for `partial` */
export async function breakIt(lab: Lab, target: FaultTarget, kind: FaultKind, share = 0.3): Promise<void> {
  if (target.of !== "service") {
    if (kind !== "crash" && kind !== "hang")
      throw new TandemError("InvalidArgument", `a ${target.of} can crash or hang, not ${kind}`);
    const ids = target.of === "gateway" ? [`envoy/${target.name}`, `gateway/${target.name}`] : [`agent/${target.name}`];
    await breakProcesses(lab, lab.processes.find(...ids), kind);
    return;
  }
  const { site, endpoints } = target;
  if (kind === "crash" || kind === "hang") {
    const processes = lab.processes.find(...endpoints.map((name) => `endpoint/${site.name}/${name}`));
    await breakProcesses(lab, processes, kind);
    return;
  }
  if (kind === "unready") {
    await lab.writeEndpoints(site, new Set(endpoints));
    return;
  }
  const fault = faultOf(kind, share);
  await Promise.all(
    site.endpoints.filter(({ name }) => endpoints.includes(name)).map(({ control }) => setFault(control, fault)),
  );
}

/** Mends everything of a target; of the whole lab when there is none. */
export async function heal(lab: Lab, target: FaultTarget | undefined): Promise<void> {
  const sites = target === undefined ? lab.sites : target.of === "service" ? [target.site] : [];
  for (const site of sites) await healService(lab, site);
  const gateways = target === undefined ? gatewayNames(lab) : target.of === "service" ? [] : [target.name];
  for (const name of gateways) await healGateway(lab, name);
}

async function healService(lab: Lab, site: LabSite): Promise<void> {
  await lab.writeEndpoints(site, new Set());
  await Promise.all(
    site.endpoints.map(async ({ name, control }) => {
      const id = `endpoint/${site.name}/${name}`;
      const running = await lab.processes.running(id);
      await lab.processes.signal(running, "SIGCONT");
      if (running.length === 0) await lab.startEndpoint(site, name);
      else await setFault(control, { kind: "none" });
    }),
  );
}

async function healGateway(lab: Lab, name: string): Promise<void> {
  const gateway = lab.gateway(name);
  const site = lab.sites.find((one) => one.gateways.some((candidate) => candidate.name === name));
  if (gateway === undefined || site === undefined) return;
  await lab.processes.signal(lab.processes.find(`agent/${name}`, `envoy/${name}`, `gateway/${name}`), "SIGCONT");
  if ((await lab.processes.running(`agent/${name}`)).length === 0) await lab.startAgent(site, gateway);
  if ((await lab.processes.running(`gateway/${name}`)).length === 0) await lab.startGateway(gateway);
}

function breakProcesses(lab: Lab, processes: readonly LabProcess[], kind: "crash" | "hang"): Promise<void> {
  return kind === "crash" ? lab.processes.kill(processes) : lab.processes.signal(processes, "SIGSTOP");
}

function faultOf(kind: Exclude<FaultKind, "crash" | "hang" | "unready">, share: number): Fault {
  switch (kind) {
    case "partial":
      return { kind, share };
    case "slow":
      return { kind, delayMs: 5_000 };
    case "5xx":
    case "half":
    case "reset":
    case "check":
      return { kind };
  }
}

function gatewayNames(lab: Lab): string[] {
  return lab.sites.flatMap((site) => site.gateways.map((gateway) => gateway.name));
}
