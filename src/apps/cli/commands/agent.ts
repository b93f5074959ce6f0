import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { Command, Option } from "commander";
import { TandemError } from "../../../model/errors.ts";
import type { OpenableStore } from "../../../ports/object-store.ts";
import type { AgentOptions } from "../../agent/index.ts";
import { VERSION } from "../version.ts";
import { clusterOptions, type ClusterOptions, clusterSource, namesCluster } from "./cluster-options.ts";
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
    .addOption(stateOption())
    .addOption(logLevelOption())
    .addHelpText(
      "after",
      `
Examples:
  tandem agent --site ./west --state /var/lib/tandem
  tandem agent --kubeconfig ~/.kube/config --context west --state /var/lib/tandem`,
    )
    .action(async (options: AgentCommandOptions) => {
      // Loaded only here: other commands should start at once.
      const { startAgent } = await import("../../agent/index.ts");
      yieldToEnvoy();
      const log = await processLogger(options.logLevel);
      const clock = { now: () => Date.now(), after: processTimer };
      const random = (): number => Math.random();
      const agent = await startAgent({
        store: await storeOf(options, { log, clock, random }),
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
  readonly state: string;
  readonly logLevel: string;
}

/** Where the site's objects are. */
async function storeOf(
  options: AgentCommandOptions,
  tools: Pick<AgentOptions, "clock" | "log" | "random">,
): Promise<OpenableStore> {
  if (options.site !== undefined) {
    const { SiteDirectory } = await import("../../../adapters/files/site-directory.ts");
    return new SiteDirectory(options.site);
  }
  if (!namesCluster(options))
    throw new TandemError("InvalidArgument", "an agent needs the place of its site's objects", {
      remedy: "Give a static site's directory with --site, or a cluster with --kubeconfig, --context or --in-cluster",
    });
  const { connectKube, KubeStore } = await import("../../../adapters/kube/index.ts");
  const client = await connectKube(clusterSource(options), `tandem-agent/${VERSION}`);
  return new KubeStore({ ...tools, client }, { outlives: true });
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
