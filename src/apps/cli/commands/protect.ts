import { Command, Option } from "commander";
import { stringify } from "yaml";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { TandemError } from "../../../model/errors.ts";
import { formatProblem } from "../../../model/problem.ts";
import { renderChanges, toKeep } from "../cluster/policy-changes.ts";
import type { PolicyManifest, PolicyOrder } from "../cluster/policy-order.ts";
import type { AppliedPolicy } from "../cluster/protect.ts";
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

/** The options, and which of them a person gave. */
interface GivenOptions {
  readonly options: ProtectOptions;
  /** Else it is the default. */
  readonly modeGiven: boolean;
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
    .option("--dry-run", "check and print the policy and what it would change, write nothing", false)
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
A policy that is there is changed to exactly what is given: an option that is left out takes its field away again. What changes
is printed, in text on standard output, else on standard error; --dry-run prints it and writes nothing.

Exit codes: 0 applied, and with --wait protected; 1 the API server refused; 2 wrong usage; 3 no usable kubeconfig; 4 the API
server does not answer; 5 it cannot be protected so, or others keep fields of the policy, and nothing was written; 6 --wait
took longer than --timeout: the policy stays.

Examples:
  ${typed} protect web -n shop --site west --site east --check-path /healthz${context} --wait
  ${typed} protect shop/web --mode Gateway --site west --site east${context} --dry-run -o yaml > web.yaml`,
    )
    .action(async (service: string, options: ProtectOptions) => {
      const modeGiven = command.getOptionValueSource("mode") !== "default";
      await protect(service, { options, modeGiven }, invocation);
    });
}

async function protect(text: string, given: GivenOptions, invocation: Invocation): Promise<void> {
  const { options } = given;
  if (options.dryRun && options.wait)
    refuseProblems(["--dry-run writes nothing that --wait could wait for: leave one out"]);
  const client = await clusterClient(options, invocation);
  const place = { namespace: options.namespace ?? client.namespace, given: options.namespace !== undefined };
  const named = namedServices([text], place);
  refuseProblems(named.problems);
  const [key = "/"] = named.services;
  const { applyPolicy, checkOrder, untilProtecting } = await import("../cluster/protect.ts");
  const { mode, site, checkPath, checkPort, profile } = options;
  const order: PolicyOrder = {
    service: key,
    mode,
    sites: site,
    ...(checkPath === undefined ? {} : { checkPath }),
    ...(checkPort === undefined ? {} : { checkPort }),
    ...(profile === undefined ? {} : { profile }),
  };
  const { policy, problems } = await checkOrder(client, order);
  if (problems.length > 0) throw new TandemError("NotProtectable", problems.map(formatProblem).join("\n  "));
  const apply = (dryRun: boolean): Promise<AppliedPolicy> =>
    applyPolicy(client, policy, { fieldManager: CLI_FIELD_MANAGER, force: options.force, dryRun });
  const changesOf = (done: AppliedPolicy): readonly string[] => describeChanges(order, done, given.modeGiven);
  if (options.dryRun) {
    const remarks = await apply(true).then(changesOf, notKnown);
    remark(`It would change of FailoverPolicy ${key}:`, remarks);
    printResult(policy, options.output, () => stringify(policy).trimEnd());
    return;
  }
  const done = await apply(false);
  const changes = changesOf(done);
  if (options.output !== "text") remark(`Changed of FailoverPolicy ${key}:`, changes);
  const clock = { now: () => Date.now(), after: processTimer };
  const shown = options.wait
    ? await untilProtecting(client, policy, { clock, timeoutMs: options.timeout })
    : done.applied;
  printResult(shown, options.output, () =>
    [
      `${paint("green", options.wait ? "protected" : "applied")} FailoverPolicy ${key}${done.wasPaused ? "; it was paused, and is no longer" : ""}`,
      ...changes,
      "",
      ...nextSteps(policy, options, invocation),
    ].join("\n"),
  );
}

/** Lines on standard error: standard output is the policy, for programs. */
function remark(head: string, lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(`${[head, ...lines].join("\n")}\n`);
}

/** What differs from the policy that was there, a line each, and what would have kept it. */
function describeChanges(
  order: PolicyOrder,
  { before, applied, changes }: AppliedPolicy,
  modeGiven: boolean,
): readonly string[] {
  const keep = toKeep(order, { before: before?.["spec"], after: applied["spec"], modeGiven });
  return [...renderChanges(changes), ...(keep.length === 0 ? [] : [`To keep what was: ${keep.join(" ")}`])];
}

/** Who may read a policy and not write it can still print one. @throws what is no such refusal */
function notKnown(error: unknown): readonly string[] {
  if (!(error instanceof KubeError) || error.status !== 403) throw error;
  return [`not known what it would change: ${error.message}`];
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
