import { Command } from "commander";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { orderedBy } from "../../../model/catalog.ts";
import { formatDuration } from "../../../model/duration.ts";
import { formatProblem } from "../../../model/problem.ts";
import type { ActiveSwitch } from "../../../model/service-view.ts";
import type { AgentStatus, Condition, ServiceStatus } from "../../../model/status.ts";
import { type OutputForm, paint, printError, printResult, table } from "../output.ts";
import { agentSocket, outputOption, stateOption } from "./options.ts";

const WATCH_EVERY_MS = 500;

/** `tandem status`. */
export function statusCommand(): Command {
  return new Command("status")
    .description("Which site serves each service, since when and why")
    .addOption(stateOption())
    .option("-w, --watch", "show it again and again until Ctrl-C", false)
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem status\n  tandem status --watch\n  tandem status -o json | jq '.services[] | {service, servingSite}'",
    )
    .action(async (options: { state: string; watch: boolean; output: OutputForm }) => {
      const socket = agentSocket(options.state);
      const show = async (): Promise<void> => {
        const status = (await callLocal(socket, "GET", "/status")) as AgentStatus;
        if (options.watch && process.stdout.isTTY) process.stdout.write("\u001b[H\u001b[J");
        printResult(status, options.output, () => renderStatus(status, Date.now()));
      };
      await show();
      if (!options.watch) return;
      const again = async (): Promise<void> => {
        await show();
        setTimeout(() => void again().catch(fail), WATCH_EVERY_MS);
      };
      const fail = (error: unknown): void => {
        process.exitCode = printError(error);
      };
      setTimeout(() => void again().catch(fail), WATCH_EVERY_MS);
    });
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

/** The status as people read it. @param now Unix milliseconds */
export function renderStatus(status: AgentStatus, now: number): string {
  const envoy = status.envoy === "ready" ? paint("green", "ready") : paint("red", status.envoy);
  const head = `${paint("bold", `${status.site}/${status.gateway}`)}  Envoy ${envoy}${status.draining ? paint("yellow", "  draining") : ""}`;
  const services =
    status.services.length === 0
      ? "no service has a FailoverPolicy"
      : table([
          ["SERVICE", "SERVING", "SINCE", "SITES", "CHECK EVERY", "LISTEN"],
          ...status.services.map((service) => serviceRow(service, status.site, now)),
        ]);
  const notes = status.services.flatMap((service) => [
    ...(service.switch === undefined ? [] : [switchNote(service.service, service.switch, now)]),
    ...service.conditions.filter(isNoteworthy).map((condition) => note(service, condition)),
  ]);
  const problems = status.problems.map((problem) => `  ${paint("red", "problem")} ${formatProblem(problem)}`);
  return [
    head,
    "",
    services,
    ...(notes.length === 0 ? [] : ["", ...notes]),
    ...(problems.length === 0 ? [] : ["", ...problems]),
  ].join("\n");
}

function serviceRow(service: ServiceStatus, ownSite: string, now: number): string[] {
  const serving = service.servingSite ?? "-";
  return [
    service.service,
    serving === ownSite ? paint("green", serving) : paint("yellow", serving),
    service.servingSince === undefined ? "-" : age(now - service.servingSince),
    service.sites
      .map((site) => `${site.name} ${site.healthy}/${site.total}${site.standby ? " (standby)" : ""}`)
      .join(", "),
    service.checkIntervalMs === undefined ? "-" : formatDuration(service.checkIntervalMs),
    service.listen ?? "-",
  ];
}

/** Conditions that a person has to know of. */
function isNoteworthy({ type, status, reason }: Condition): boolean {
  if (type === "FailedOver" || type === "Degraded") return status === "True";
  return status === "False" || reason === "ProtocolAssumed";
}

/** The switch in force: where to, how long, who ordered it and why. */
function switchNote(service: string, ordered: ActiveSwitch, now: number): string {
  const { to, until, reason } = ordered;
  const end =
    until === undefined ? "until it is ended" : `until ${new Date(until).toISOString()} (in ${age(until - now)})`;
  return `  ${paint("yellow", "Switch")} ${service}: to ${to} ${end}, ${orderedBy(ordered)}: ${reason || "no reason given"}`;
}

function note(service: ServiceStatus, condition: Condition): string {
  const last =
    condition.type === "FailedOver" && service.lastFailover?.detectionMs !== undefined
      ? ` (detected in ${service.lastFailover.detectionMs} ms)`
      : "";
  return `  ${paint("yellow", condition.reason)} ${service.service}: ${condition.message}${last}`;
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
