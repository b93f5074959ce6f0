import { Command, Option } from "commander";
import { PAUSED_ANNOTATION } from "../../../model/kinds/index.ts";
import { namespaceOf } from "../../../model/service-key.ts";
import type { ReleaseProgress, ReleaseReport } from "../cluster/release.ts";
import { RELEASE_DRAIN_MS } from "../cluster/release-service.ts";
import { namedServices } from "../cluster/service-argument.ts";
import { counted, type OutputForm, paint, printResult } from "../output.ts";
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

/** Most commands that are printed one by one. */
const MOST_SHOWN = 5;

/** How many Services are asked about at a time. */
const MOST_AT_A_TIME = 8;

interface ReleaseOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly all: boolean;
  readonly now: boolean;
  readonly timeout: number;
  readonly output: OutputForm;
}

/** `tandem release`. */
export function releaseCommand(invocation: Invocation): Command {
  const command = new Command("release")
    .description(
      "Give Services back to Kubernetes, exactly as they were; needs an API server and nothing else of Tandem",
    )
    .argument("[services...]", "Services, NAMESPACE/NAME")
    .option("--all", "all Services at which there is something of Tandem's; with -n those of one namespace", false)
    .option("--now", "do not wait until nobody comes to the gateways any more", false)
    .addOption(
      new Option("--timeout <duration>", "how long it may take").argParser(durationArgument).default(120_000, "2m"),
    )
    .addOption(inNamespaceOption());
  for (const option of clusterOptions()) command.addOption(option);
  const { typed } = invocation;
  const context = invocation.meansCluster ? "" : " --context west";
  return command
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Pauses the policies of the Services first (annotation ${PAUSED_ANNOTATION}), so that no controller takes them over again,
and releases all Services of those policies. May be ended at any moment and run again.

Exit codes: 0 all is as it was; 1 a Service could not be released, or the API server refused; 2 wrong usage; 3 no usable
kubeconfig; 4 the API server does not answer; 5 there is no such namespace; 6 --timeout was over: run it again.

Examples:
  ${typed} release shop/web${context}
  ${typed} release --all${context}
  ${typed} release --all -n shop --now${context} -o json`,
    )
    .action(async (services: string[], options: ReleaseOptions) => {
      if (options.all === services.length > 0)
        refuseProblems([options.all ? "name Services or write --all, not both" : "name Services, or write --all"]);
      const client = await clusterClient(options, invocation);
      const named = namedServices(services, {
        namespace: options.namespace ?? client.namespace,
        given: options.namespace !== undefined,
      });
      refuseProblems(named.problems);
      const [{ requireNamespaces }, { releaseServices, requireReleased }, { Turnstile }] = await Promise.all([
        import("../cluster/require-namespaces.ts"),
        import("../cluster/release.ts"),
        import("../../../runtime/turnstile.ts"),
      ]);
      await requireNamespaces(client, [options.namespace, ...named.services.map(namespaceOf)]);
      const tools = {
        client,
        clock: { now: () => Date.now(), after: processTimer },
        random: () => Math.random(),
        fieldManager: CLI_FIELD_MANAGER,
        drainMs: options.now ? 0 : RELEASE_DRAIN_MS,
        deadline: AbortSignal.timeout(options.timeout),
        turnstile: new Turnstile(MOST_AT_A_TIME),
      };
      const request = options.all ? { namespace: options.namespace } : { services: named.services };
      const report = await releaseServices(request, tools, progressOf(options));
      printResult(report, options.output, () => renderRelease(report, options, typed));
      requireReleased(report);
    });
}

/** Lines for people, as things happen. */
function progressOf({ output, now }: ReleaseOptions): ReleaseProgress {
  const say = (line: string): void => {
    if (output === "text") process.stdout.write(`${line}\n`);
  };
  const drain = now ? "" : `, and gateways serve who still comes for ${RELEASE_DRAIN_MS / 1_000} s`;
  return {
    paused: ({ namespace, name }) => say(`${paint("yellow", "paused")}    FailoverPolicy ${namespace}/${name}`),
    began: (service) => say(`${paint("yellow", "returning")} ${service}: to its own pods${drain}`),
    ended: (service, { outcome }) => {
      if (outcome === "Released") say(`${paint("green", "released")}  ${service}`);
      if (outcome === "Untouched") say(`${paint("green", "untouched")} ${service}: nothing of Tandem's was there`);
      if (outcome === "TimedOut") say(`${paint("red", "not yet")}   ${service}`);
      if (outcome === "Failed") say(`${paint("red", "failed")}    ${service}`);
    },
  };
}

/** What it comes to, and how it is taken back. */
function renderRelease(
  { policies, services, problems }: ReleaseReport,
  options: ClusterOptions,
  typed: string,
): string {
  const released = services.filter(({ outcome }) => outcome === "Released").length;
  const head =
    services.length === 0 && problems.length === 0
      ? "There is nothing of Tandem's at any Service"
      : `${released} of ${counted(services.length, "Service")} released, ${counted(problems.length, "problem")}`;
  if (policies.length === 0) return `\n${head}`;
  const takeBack = policies.slice(0, MOST_SHOWN).map(({ policy }) => {
    const [namespace = "", name = ""] = policy.split("/");
    return `  kubectl annotate failoverpolicies ${name} -n ${namespace} ${PAUSED_ANNOTATION}-${kubectlOptions(options)}`;
  });
  return [
    "",
    head,
    "",
    `Their policies are paused and no controller acts on them. To protect the Services again (or ${typed} protect):`,
    ...takeBack,
    ...(policies.length > MOST_SHOWN ? [`  and ${policies.length - MOST_SHOWN} more; -o json has all`] : []),
  ].join("\n");
}
