import { Command, Option } from "commander";
import { stringify } from "yaml";
import { TandemError } from "../../../model/errors.ts";
import { formatProblem } from "../../../model/problem.ts";
import type { PolicyManifest } from "../cluster/policy-order.ts";
import { namedServices } from "../cluster/service-argument.ts";
import { type OutputForm, paint, printResult } from "../output.ts";
import type { Invocation } from "../typed-command.ts";
import {
  CLI_FIELD_MANAGER,
  clusterClient,
  type ClusterOptions,
  clusterOptions,
  kubectlOptions,
  inNamespaceOption,
} from "./cluster-options.ts";
import { durationArgument, outputOption, refuseProblems } from "./options.ts";
import { processTimer } from "./process.ts";

interface ProtectOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly mode: "Direct" | "Gateway";
  readonly site: readonly string[];
  readonly checkPath?: string;
  readonly checkPort?: string;
  readonly profile?: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly output: OutputForm;
}

/** `tandem protect`. */
export function protectCommand(invocation: Invocation): Command {
  const { typed } = invocation;
  const command = new Command("protect")
    .description("Give a Service of a cluster a second home: writes its FailoverPolicy")
    .argument("<service>", "Service, NAMESPACE/NAME")
    .addOption(
      new Option("--mode <mode>", "Direct: its clients go to its pods until all are gone; Gateway: always to gateways")
        .choices(["Direct", "Gateway"])
        .default("Direct"),
    )
    .requiredOption(
      "--site <name>",
      "a site that serves it and may call it; repeat for each, in the order of preference",
      (site: string, before: readonly string[]) => [...before, site],
      [],
    )
    .option("--check-path <path>", "path that healthy pods answer, e.g. /healthz")
    .option("--check-port <port>", "port that is asked, by name or number; the served one when absent")
    .addOption(new Option("--profile <profile>", "fast: checks every 100 ms").choices(["standard", "fast"]))
    .option("--dry-run", "check and print the policy, write nothing", false)
    .option("--force", "take fields of the policy from whoever else keeps them", false)
    .option("--wait", "wait until gateways are ready for it and a second site can serve", false)
    .addOption(
      new Option("--timeout <duration>", "how long --wait waits").argParser(durationArgument).default(60_000, "1m"),
    )
    .addOption(inNamespaceOption());
  for (const option of clusterOptions()) command.addOption(option);
  const context = invocation.meansCluster ? "" : " --context west";
  return command
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Examples:
  ${typed} protect web -n shop --site west --site east --check-path /healthz${context} --wait
  ${typed} protect shop/web --mode Gateway --site west --site east${context} --dry-run -o yaml > web.yaml`,
    )
    .action(async (service: string, options: ProtectOptions) => await protect(service, options, invocation));
}

async function protect(text: string, options: ProtectOptions, invocation: Invocation): Promise<void> {
  if (options.dryRun && options.wait)
    refuseProblems(["--dry-run writes nothing that --wait could wait for: leave one out"]);
  const client = await clusterClient(options, invocation);
  const place = { namespace: options.namespace ?? client.namespace, given: options.namespace !== undefined };
  const named = namedServices([text], place);
  refuseProblems(named.problems);
  const [key = "/"] = named.services;
  const { applyPolicy, checkOrder, untilProtecting } = await import("../cluster/protect.ts");
  const { mode, site, checkPath, checkPort, profile } = options;
  const { policy, problems } = await checkOrder(client, {
    service: key,
    mode,
    sites: site,
    ...(checkPath === undefined ? {} : { checkPath }),
    ...(checkPort === undefined ? {} : { checkPort }),
    ...(profile === undefined ? {} : { profile }),
  });
  if (problems.length > 0) throw new TandemError("NotProtectable", problems.map(formatProblem).join("\n  "));
  if (options.dryRun) {
    printResult(policy, options.output, () => stringify(policy).trimEnd());
    return;
  }
  const how = { fieldManager: CLI_FIELD_MANAGER, force: options.force };
  const { applied, wasPaused } = await applyPolicy(client, policy, how);
  const clock = { now: () => Date.now(), after: processTimer };
  const shown = options.wait ? await untilProtecting(client, policy, { clock, timeoutMs: options.timeout }) : applied;
  printResult(shown, options.output, () =>
    [
      `${paint("green", options.wait ? "protected" : "applied")} FailoverPolicy ${key}${wasPaused ? "; it was paused, and is no longer" : ""}`,
      "",
      ...nextSteps(policy, options, invocation),
    ].join("\n"),
  );
}

/** What is left to do: policies are the same in every site. */
function nextSteps(
  { metadata, spec }: PolicyManifest,
  options: ProtectOptions,
  { typed }: Invocation,
): readonly string[] {
  const [here, ...others] = (spec["sites"] as readonly { readonly name: string }[]).map(({ name }) => name);
  const cluster = kubectlOptions(options);
  return [
    `Next: ${typed} status${cluster}`,
    ...(others.length === 0
      ? [`      a second home: repeat the command with another --site besides ${here ?? ""}`]
      : [`      the same command with the cluster of each other site: policies are the same in all of them`]),
    `Undo: kubectl delete failoverpolicies ${metadata.name} -n ${metadata.namespace}${cluster}`,
  ];
}
