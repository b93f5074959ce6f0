import { Command, Option } from "commander";
import { describeObject } from "../../../adapters/kube/applied-objects.ts";
import { connectKube, type KubeClient } from "../../../adapters/kube/index.ts";
import { installedObjects, type InstallOptions, SERVICE_TYPES } from "../../../core/install/index.ts";
import { TandemError } from "../../../model/errors.ts";
import { applyInstallation, type InstallationTools, missingNamespaces } from "../cluster/installation.ts";
import { InstallationProgress } from "../cluster/installation-progress.ts";
import { describeRemoval, planRemoval, removeInstallation } from "../cluster/removal.ts";
import { type InstallArguments, MOST_GATEWAYS, parseInstallArguments } from "../install-arguments.ts";
import { formatManifests } from "../manifests.ts";
import { type OutputForm, printResult } from "../output.ts";
import { progressAfter } from "../progress.ts";
import { VERSION } from "../version.ts";
import { clusterOptions, type ClusterOptions, clusterSource } from "./cluster-options.ts";
import { countArgument, durationArgument, labelArgument, outputOption, refuseProblems } from "./options.ts";
import { processTimer } from "./process.ts";

/** Namespace of Tandem's own objects unless another one is named. */
const NAMESPACE = "tandem-system";

/** Progress is told of what takes longer, in milliseconds. */
const QUIET_MS = 2_000;

/** Signals by which people and supervisors end a command. */
const ENDING = ["SIGINT", "SIGTERM"] as const;

type InstallCommandOptions = InstallArguments &
  WaitOptions &
  ClusterOptions & { readonly upgrade?: true; readonly force?: true; readonly output: OutputForm };

/** `tandem install`. */
export function installCommand(): Command {
  const command = new Command("install")
    .description("Install Tandem in a cluster, or print what would be installed")
    .requiredOption("--site <name>", "name of the site that the cluster is")
    .option("--advertise <host:port>", "where other sites reach a gateway; repeatable", collect, [])
    .option("--label <key=value>", "failure domain of the site, e.g. region=eu-west; repeatable", labelArgument, {})
    .option("--gateways <count>", "how many gateways run", countArgument(1, MOST_GATEWAYS), 2)
    .option("--namespace <name>", "namespace of Tandem's own objects", NAMESPACE)
    .option("--namespaces <names>", "namespaces in which Services may be switched, with commas; all when absent")
    .option("--image <reference>", "image of every process", `tandem:${VERSION}`)
    .addOption(
      new Option("--service-type <type>", "of the Service for other sites")
        .choices(SERVICE_TYPES)
        .default("LoadBalancer"),
    )
    .option("--upgrade", "apply over an installation that is there")
    .option("--force", "take over objects and fields that others own");
  for (const option of [...clusterOptions(), ...waitOptions("until everything runs")]) command.addOption(option);
  return command
    .addOption(outputOption().default("text", "apply; json and yaml print instead"))
    .addHelpText(
      "after",
      `
With -o yaml or json nothing is asked or changed: the objects are printed, for GitOps or kubectl apply --server-side, which
has to be run twice: the first time the API server does not know what a Site is.
An upgrade needs all options again; what they no longer ask for is removed.
Interrupted, or when a wait takes longer than --timeout, it says what is applied and what is not. What is applied stays, and the
same command with --upgrade goes on.

Examples:
  tandem install --site west --advertise 203.0.113.10:15443 --context west
  tandem install --site west --advertise a.example.com:15443 --advertise b.example.com:15443 --namespaces shop,pay --context west
  tandem install --site west --advertise 203.0.113.10:15443 -o yaml > tandem.yaml`,
    )
    .action(async (given: InstallCommandOptions) => {
      const options = parseInstallArguments(given);
      if (isProblems(options)) return refuseProblems(options);
      const objects = installedObjects(options);
      if (given.output === "yaml") process.stdout.write(formatManifests(objects));
      else if (given.output === "json")
        printResult({ apiVersion: "v1", kind: "List", items: objects }, "json", () => "");
      else await applyTo(given, options, objects);
    });
}

function isProblems(value: InstallOptions | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}

async function applyTo(
  given: InstallCommandOptions,
  options: InstallOptions,
  objects: ReturnType<typeof installedObjects>,
): Promise<void> {
  const { namespace, namespaces = [] } = options;
  await withTools(given, async (tools) => {
    refuseProblems(
      (await missingNamespaces(tools.client, namespaces)).map((name) => `--namespaces: there is no namespace ${name}`),
    );
    const upgrade = given.upgrade === true;
    const progress = new InstallationProgress(objects, { upgrade, namespace });
    const choices = { namespace, upgrade, force: given.force === true, wait: given.wait };
    const { applied, removed } = await toldWhenCut(progress, () =>
      applyInstallation(tools, objects, choices, progress),
    );
    const lines = [
      ...applied.map((name) => `applied  ${name}`),
      ...removed.map((name) => `removed  ${name}`),
      "",
      given.wait ? `Tandem runs in ${namespace}, as the site ${options.site}` : `Tandem is installed in ${namespace}`,
      "",
      "Next: write a FailoverPolicy for a Service (docs/kinds.md), and look at it:",
      "  kubectl get tandem --all-namespaces",
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  });
}

/** Runs an installation; whatever ends it before it is done, a person's signal included, is told how far it has come. */
async function toldWhenCut<T>(progress: InstallationProgress, run: () => Promise<T>): Promise<T> {
  const tell = (lines: readonly string[]): void => {
    if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);
  };
  const cut = (signal: NodeJS.Signals): void => {
    tell(["interrupted", ...progress.describe({ cut: true })]);
    stop();
    // As if nobody had listened: a shell that runs a list of commands has to know that it was interrupted.
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    for (const signal of ENDING) process.off(signal, cut);
  };
  for (const signal of ENDING) process.on(signal, cut);
  try {
    return await run();
  } catch (error) {
    tell(progress.describe({ cut: false }));
    throw error;
  } finally {
    stop();
  }
}

/** `tandem uninstall`. */
export function uninstallCommand(): Command {
  const command = new Command("uninstall")
    .description("Give all Services back, then remove Tandem from a cluster")
    .option("--namespace <name>", "namespace of Tandem's own objects", NAMESPACE)
    .option("--yes", "do it; without it what would be removed is shown")
    .option("--now", "do not wait until nobody comes to the gateways any more", false);
  for (const option of [...clusterOptions(), ...waitOptions("until the namespace is gone")]) command.addOption(option);
  return command
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Examples:
  tandem uninstall --context west           # shows what would be removed
  tandem uninstall --context west --yes`,
    )
    .action(
      async (given: UninstallOptions) =>
        await withTools(given, async (tools) => {
          const removal = await planRemoval(tools.client, given.namespace);
          if (given.yes !== true) {
            const shown = { policies: removal.policies, objects: removal.objects.map(describeObject) };
            printResult(shown, given.output, () => describeRemoval(removal));
            throw new TandemError("NotConfirmed", "nothing was removed");
          }
          const removed = await removeInstallation(tools, removal, given);
          printResult({ removed }, given.output, () =>
            [...removed.map((name) => `removed  ${name}`), "", "Nothing of Tandem is left in the cluster"].join("\n"),
          );
        }),
    );
}

interface UninstallOptions extends WaitOptions, ClusterOptions {
  readonly namespace: string;
  readonly yes?: true;
  readonly now: boolean;
  readonly output: OutputForm;
}

interface WaitOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

function waitOptions(what: string): readonly Option[] {
  return [
    new Option("--no-wait", `do not wait ${what}`),
    new Option("--timeout <duration>", "longest wait for each step").argParser(durationArgument).default(300_000, "5m"),
  ];
}

/** Runs a command against the cluster that was named; what the API server refuses becomes an error with a remedy. */
async function withTools(
  given: WaitOptions & ClusterOptions,
  run: (tools: InstallationTools) => Promise<void>,
): Promise<void> {
  const client: KubeClient = await connectKube(clusterSource(given), `tandem-install/${VERSION}`);
  const clock = { now: () => Date.now(), after: processTimer };
  const progress = progressAfter(QUIET_MS, clock, (text) => process.stderr.write(`${text}\n`));
  try {
    await run({ client, clock, timeoutMs: given.timeout, progress: progress.tell });
  } finally {
    progress.end();
  }
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
