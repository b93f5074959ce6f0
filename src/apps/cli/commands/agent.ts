import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { isIP } from "node:net";
import { Command, InvalidArgumentError, Option } from "commander";
import type { KubeClient } from "../../../adapters/kube/index.ts";
import { requireGatewayRecord, statePaths } from "../../../adapters/state/state-directory.ts";
import { TandemError } from "../../../model/errors.ts";
import { DnsLabel, GATEWAY_PORT } from "../../../model/kinds/index.ts";
import type { AgentOptions } from "../../agent/index.ts";
import { VERSION } from "../version.ts";
import {
  clusterOptions,
  type ClusterOptions,
  clusterSource,
  namesCluster,
  namespaceOption,
} from "./cluster-options.ts";
import { stateOption } from "./options.ts";
import { logLevelOption, processLogger, processTimer } from "./process.ts";

/** `tandem agent`. */
export function agentCommand(): Command {
  const command = new Command("agent")
    .description("Run the agent of one gateway: programs Envoy, talks to other agents")
    .addOption(
      new Option("--site <dir>", "directory of a static site's manifests").conflicts([
        "kubeconfig",
        "context",
        "inCluster",
      ]),
    );
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addOption(namespaceOption())
    .option(
      "--node-address <address>",
      "in a cluster: where this gateway listens and registers; two with a comma between for two IP families",
      addressesArgument,
    )
    .addOption(
      new Option(
        "--as <site/gateway>",
        "in a cluster: who this gateway is; a new state directory is set up by the cluster's controller",
      ).argParser(namesArgument),
    )
    .addOption(stateOption())
    .addOption(logLevelOption())
    .addHelpText(
      "after",
      `
Examples:
  tandem agent --site ./west --state /var/lib/tandem
  tandem agent --kubeconfig ~/.kube/config --context west --node-address 192.0.2.10 --state /var/lib/tandem
  tandem agent --in-cluster --as west/$(POD_NAME) --node-address $(POD_IPS) --state /var/lib/tandem`,
    )
    .action(async (options: AgentCommandOptions) => {
      // Loaded only here: other commands should start at once.
      const { startAgent } = await import("../../agent/index.ts");
      yieldToEnvoy();
      const log = await processLogger(options.logLevel);
      const clock = { now: () => Date.now(), after: processTimer };
      const random = (): number => Math.random();
      const agent = await startAgent({
        ...(await placeOf(options, { log, clock, random })),
        stateDirectory: options.state,
        version: VERSION,
        clock,
        log,
        random,
      });
      const stop = (): void => void agent.close().then(() => process.exit(0));
      process.once("SIGTERM", stop);
      process.once("SIGINT", stop);
    });
}

interface AgentCommandOptions extends ClusterOptions {
  readonly site?: string;
  readonly namespace: string;
  readonly nodeAddress?: readonly string[];
  readonly as?: { readonly site: string; readonly gateway: string };
  readonly state: string;
  readonly logLevel: string;
}

/** Where the site's objects are, and in a cluster where its gateways register. */
async function placeOf(
  options: AgentCommandOptions,
  tools: Pick<AgentOptions, "clock" | "log" | "random">,
): Promise<Pick<AgentOptions, "store" | "registration">> {
  if (options.site !== undefined) {
    const { SiteDirectory } = await import("../../../adapters/files/site-directory.ts");
    return { store: new SiteDirectory(options.site) };
  }
  if (!namesCluster(options))
    throw new TandemError("InvalidArgument", "an agent needs the place of its site's objects", {
      remedy: "Give a static site's directory with --site, or a cluster with --kubeconfig, --context or --in-cluster",
    });
  const { connectKube, KubeStore } = await import("../../../adapters/kube/index.ts");
  const client = await connectKube(clusterSource(options), `tandem-agent/${VERSION}`);
  const store = new KubeStore({ ...tools, client }, "gateway");
  const registration = await registrationOf(options, { ...tools, client });
  return { store, ...(registration === undefined ? {} : { registration }) };
}

/** Undefined for a gateway that its Site lists. */
async function registrationOf(
  { nodeAddress = [], as, state, namespace }: AgentCommandOptions,
  tools: Pick<AgentOptions, "clock" | "log" | "random"> & { readonly client: KubeClient },
): Promise<AgentOptions["registration"]> {
  const [address, ...otherAddresses] = nodeAddress;
  if (address === undefined) {
    if (as === undefined) return undefined;
    throw new TandemError("InvalidArgument", "--as needs --node-address: others have to find the gateway");
  }
  const { GatewayLeases, passOn, TandemLeases } = await import("../../../adapters/kube/index.ts");
  const { site, gateway } = as ?? (await requireGatewayRecord(statePaths(state)));
  const leases = new GatewayLeases({ ...tools, leases: new TandemLeases(tools, namespace), site });
  const own = { name: gateway, address, port: GATEWAY_PORT, otherAddresses };
  if (as !== undefined) {
    const { enrolInCluster } = await import("../cluster/enrolment.ts");
    await enrolInCluster(state, as, { leases, own });
  }
  return {
    own,
    registry: leases,
    open: async () => {
      leases.register(own);
      await leases.open();
    },
    close: () => leases.close(),
    passOn: (request) => passOn(tools.client, { site, namespace }, request, tools.clock),
    requestCertificate: async (request) => (await leases.requestCertificate(request)).certificate,
  };
}

/** One address of each IP family. @throws InvalidArgumentError */
function addressesArgument(text: string): readonly string[] {
  const addresses = text.split(",").map((part) => part.trim());
  const families = addresses.map((address) => isIP(address));
  if (families.includes(0)) throw new InvalidArgumentError("write an IP address, or two with a comma between");
  if (new Set(families).size !== families.length) throw new InvalidArgumentError("give one address of each IP family");
  return addresses;
}

/** @throws InvalidArgumentError */
function namesArgument(text: string): { readonly site: string; readonly gateway: string } {
  const [site, gateway, ...rest] = text.split("/").map((part) => DnsLabel.safeParse(part).data);
  if (site === undefined || gateway === undefined || rest.length > 0)
    throw new InvalidArgumentError("write SITE/GATEWAY, both DNS labels, e.g. west/west-1");
  return { site, gateway };
}

/**
 * Requests come before decisions: where Envoy and agent share processors, an agent that computes while a service dies
 * must not hold up the retries that save its requests. Every thread counts, those of the collector above all.
 */
function yieldToEnvoy(): void {
  try {
    for (const thread of readdirSync("/proc/self/task"))
      setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not everywhere are threads listed there, and nothing depends on it.
  }
}
