import { Command, Option } from "commander";
import { diagnose } from "../../../core/doctor/diagnose.ts";
import type { CheckResult } from "../../../model/doctor.ts";
import { EXIT } from "../../../model/errors.ts";
import { counted, type OutputForm, paint, printResult } from "../output.ts";
import type { Invocation } from "../typed-command.ts";
import {
  clusterClient,
  type ClusterOptions,
  clusterOptions,
  isAboutCluster,
  inNamespaceOption,
} from "./cluster-options.ts";
import { agentSocket, outputOption, stateOption } from "./options.ts";

interface DoctorOptions extends ClusterOptions {
  readonly state: string;
  readonly namespace?: string;
  readonly tandemNamespace: string;
  readonly probe: boolean;
  readonly output: OutputForm;
}

/** `tandem doctor`. */
export function doctorCommand(invocation: Invocation): Command {
  const { typed, meansCluster } = invocation;
  const command = new Command("doctor").description(
    "Look for what is wrong, or will be when it is needed, and say what to do",
  );
  if (!meansCluster) command.addOption(stateOption());
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addOption(inNamespaceOption("of a cluster only the policies and Services in this namespace"))
    .addOption(new Option("--tandem-namespace <name>", "namespace of Tandem's own objects").default("tandem-system"))
    .option("--probe", "of a cluster: try the gateways' ports from this machine, too", false)
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
docs/doctor.md lists the checks. Exit code 1: at least one error; warnings alone are 0.

Examples:
  ${typed} doctor${meansCluster ? "" : " --state /var/lib/tandem"}
  ${typed} doctor${meansCluster ? "" : " --context west"} -o json | jq '.[] | select(.result != "ok")'`,
    )
    .action(async (options: DoctorOptions) => {
      const results = isAboutCluster(options, invocation)
        ? await examineCluster(options, invocation)
        : await examineGateway(options);
      printResult(results, options.output, () => renderResults(results));
      if (results.some(({ result }) => result === "error")) process.exitCode = EXIT.failed;
    });
}

async function examineCluster(options: DoctorOptions, invocation: Invocation): Promise<readonly CheckResult[]> {
  const client = await clusterClient(options, invocation);
  const [{ requireNamespaces }, { readClusterPicture }, { CLUSTER_CHECKS }] = await Promise.all([
    import("../cluster/require-namespaces.ts"),
    import("../doctor/cluster-picture.ts"),
    import("../../../core/doctor/cluster-checks.ts"),
  ]);
  const { namespace, tandemNamespace, probe } = options;
  await requireNamespaces(client, [namespace]);
  const picture = await readClusterPicture(client, { namespace, tandemNamespace, probe, now: () => Date.now() });
  return diagnose(CLUSTER_CHECKS, picture);
}

async function examineGateway({ state }: DoctorOptions): Promise<readonly CheckResult[]> {
  const [{ readGatewayPicture }, { GATEWAY_CHECKS }] = await Promise.all([
    import("../doctor/gateway-picture.ts"),
    import("../../../core/doctor/gateway-checks.ts"),
  ]);
  return diagnose(GATEWAY_CHECKS, await readGatewayPicture(agentSocket(state), Date.now()));
}

const SHOWN = {
  ok: paint("green", "ok     "),
  warning: paint("yellow", "warning"),
  error: paint("red", "error  "),
  unknown: paint("yellow", "not seen"),
} as const;

/** Most faults of one check that people are shown: what is wrong everywhere has one cause. */
const MOST_SHOWN = 5;

/** The results as people read them: what is well in a line, what is not with what to do. */
export function renderResults(results: readonly CheckResult[]): string {
  const lines = results.flatMap(({ check, result, faults }) => {
    if (result === "ok") return [`${SHOWN.ok}  ${check}`];
    if (result === "unknown") return [`${SHOWN.unknown} ${check}: what it takes was not to be read or not asked for`];
    const errorsFirst = faults.toSorted((left, right) =>
      left.level < right.level ? -1 : left.level === right.level ? 0 : 1,
    );
    const shown = errorsFirst
      .slice(0, MOST_SHOWN)
      .flatMap(({ level, subject, message, remedy }) => [
        `${SHOWN[level]}  ${check}: ${subject} ${message}`,
        `           ${remedy}`,
      ]);
    const more = faults.length - MOST_SHOWN;
    return more > 0 ? [...shown, `           and ${more} more; -o json has all`] : shown;
  });
  const all = results.flatMap(({ faults }) => faults);
  const errors = all.filter(({ level }) => level === "error").length;
  return [
    ...lines,
    "",
    `${results.length} checks, ${counted(errors, "error")}, ${counted(all.length - errors, "warning")}`,
  ].join("\n");
}
