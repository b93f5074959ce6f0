import { Command } from "commander";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { orderedBy } from "../../../model/catalog.ts";
import { formatProblem } from "../../../model/problem.ts";
import type { AgentStatus, ServiceStatus } from "../../../model/status.ts";
import { type OutputForm, paint, printError, printResult } from "../output.ts";
import { renderStatusTable, shownInterval, type StatusRow } from "../status-table.ts";
import type { Invocation } from "../typed-command.ts";
import {
  clusterClient,
  type ClusterOptions,
  clusterOptions,
  isAboutCluster,
  inNamespaceOption,
} from "./cluster-options.ts";
import { agentSocket, outputOption, stateOption } from "./options.ts";

const WATCH_EVERY_MS = 500;

/** A cluster's policies may be many: they are read less often. In milliseconds. */
const WATCH_CLUSTER_EVERY_MS = 2_000;

interface StatusOptions extends ClusterOptions {
  readonly state: string;
  readonly namespace?: string;
  readonly watch: boolean;
  readonly output: OutputForm;
}

/** `tandem status`. */
export function statusCommand(invocation: Invocation): Command {
  const { typed, meansCluster } = invocation;
  const command = new Command("status").description("Which site serves each service, since when and why");
  if (!meansCluster) command.addOption(stateOption());
  for (const option of clusterOptions()) command.addOption(option);
  const context = meansCluster ? "" : " --context west";
  return command
    .addOption(inNamespaceOption("of a cluster only what is in this namespace"))
    .option("-w, --watch", "show it again and again until Ctrl-C", false)
    .addOption(outputOption())
    .addHelpText(
      "after",
      meansCluster
        ? `\nExamples:\n  ${typed} status\n  ${typed} status -n shop --watch\n  ${typed} status -o json | jq '.policies[] | {services, status}'`
        : `\nExamples:\n  ${typed} status\n  ${typed} status --watch\n  ${typed} status -o json | jq '.services[] | {service, servingSite}'\n  ${typed} status${context}`,
    )
    .action(async (options: StatusOptions) => {
      const read = await reader(options, invocation);
      const show = async (): Promise<void> => {
        const { status, text } = await read();
        if (options.watch && process.stdout.isTTY) process.stdout.write("\u001b[H\u001b[J");
        printResult(status, options.output, text);
      };
      await show();
      if (!options.watch) return;
      const pause = isAboutCluster(options, invocation) ? WATCH_CLUSTER_EVERY_MS : WATCH_EVERY_MS;
      const again = async (): Promise<void> => {
        await show();
        setTimeout(() => void again().catch(fail), pause);
      };
      const fail = (error: unknown): void => {
        process.exitCode = printError(error);
      };
      setTimeout(() => void again().catch(fail), pause);
    });
}

/** What reads the status of what a person means: a cluster, or one gateway. */
async function reader(
  options: StatusOptions,
  invocation: Invocation,
): Promise<() => Promise<{ readonly status: unknown; readonly text: () => string }>> {
  if (isAboutCluster(options, invocation)) {
    const client = await clusterClient(options, invocation);
    const [{ requireNamespaces }, { readClusterStatus, renderClusterStatus }] = await Promise.all([
      import("../cluster/require-namespaces.ts"),
      import("../cluster/cluster-status.ts"),
    ]);
    await requireNamespaces(client, [options.namespace]);
    return async () => {
      const now = Date.now();
      const status = await readClusterStatus(client, options.namespace, now);
      return { status, text: () => renderClusterStatus(status, now) };
    };
  }
  const socket = agentSocket(options.state);
  return async () => {
    const status = (await callLocal(socket, "GET", "/status")) as AgentStatus;
    return { status, text: () => renderStatus(status, Date.now()) };
  };
}

/** `tandem metrics`. */
export function metricsCommand(): Command {
  return new Command("metrics")
    .description("Metrics of the agent and its Envoy, in the Prometheus text format")
    .addOption(stateOption())
    .addHelpText("after", "\nExamples:\n  tandem metrics | grep tandem_serving")
    .action(async (options: { state: string }) => {
      process.stdout.write((await callLocal(agentSocket(options.state), "GET", "/metrics")) as string);
    });
}

/** The status of a gateway as people read it. @param now Unix milliseconds */
export function renderStatus(status: AgentStatus, now: number): string {
  const envoy = status.envoy === "ready" ? paint("green", "ready") : paint("red", status.envoy);
  return renderStatusTable(
    {
      head: `${paint("bold", `${status.site}/${status.gateway}`)}  Envoy ${envoy}${status.draining ? paint("yellow", "  draining") : ""}`,
      further: ["CHECK EVERY", "LISTEN"],
      rows: status.services.map((service) => rowOf(service, status.site)),
      empty: "no service has a FailoverPolicy",
      problems: status.problems.map(formatProblem),
    },
    now,
  );
}

function rowOf(service: ServiceStatus, ownSite: string): StatusRow {
  const ordered = service.switch;
  return {
    service: service.service,
    servingSite: service.servingSite,
    isHome: service.servingSite === ownSite,
    servingSince: service.servingSince,
    sites: service.sites,
    further: [shownInterval(service.checkIntervalMs), service.listen ?? "-"],
    conditions: service.conditions,
    detectionMs: service.lastFailover?.detectionMs,
    order:
      ordered === undefined
        ? undefined
        : { to: ordered.to, until: ordered.until, by: orderedBy(ordered), reason: ordered.reason },
  };
}
