import { Command, Option } from "commander";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { TandemError } from "../../../model/errors.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { namedServices } from "../cluster/service-argument.ts";
import { type OutputForm, printResult } from "../output.ts";
import { type SwitchOptions, switchProblems } from "../switch-order.ts";
import type { Invocation } from "../typed-command.ts";
import {
  CLI_FIELD_MANAGER,
  clusterClient,
  type ClusterOptions,
  clusterOptions,
  isAboutCluster,
  kubectlOptions,
  inNamespaceOption,
} from "./cluster-options.ts";
import { agentSocket, durationArgument, outputOption, refuseProblems, stateOption } from "./options.ts";
import { processTimer } from "./process.ts";

const POLL_MS = 100;

interface CommandOptions extends SwitchOptions, ClusterOptions {
  readonly timeout: number;
  readonly state: string;
  readonly namespace?: string;
  readonly output: OutputForm;
}

/** `tandem switch`. */
export function switchCommand(invocation: Invocation): Command {
  const { typed, meansCluster } = invocation;
  const command = new Command("switch")
    .description("Let another site serve a service, by hand; carried to all sites")
    .argument("<service>", "namespace/name, for example shop/web")
    .option("--to <site>", "the site that is to serve")
    .option("--end", "end the switch: the policy decides again", false)
    .option("--for <duration>", "end it by itself after this time, e.g. 10m", durationArgument)
    .option("--reason <text>", "shown in the status of all sites")
    .option("--wait", "wait until the site serves", false)
    .addOption(
      new Option("--timeout <duration>", "how long --wait waits").argParser(durationArgument).default(30_000, "30s"),
    )
    .addOption(inNamespaceOption());
  if (!meansCluster) command.addOption(stateOption());
  for (const option of clusterOptions()) command.addOption(option);
  return command
    .addOption(outputOption())
    .addHelpText(
      "after",
      `\nIn a cluster it is a Switch object.\n\nExamples:\n  ${typed} switch shop/web --to east --for 10m --reason maintenance --wait\n  ${typed} switch shop/web --end${meansCluster ? "" : `\n  ${typed} switch shop/web --to east --context west`}`,
    )
    .action(async (service: string, options: CommandOptions) => {
      if (isAboutCluster(options, invocation)) await switchInCluster(service, options, invocation);
      else await switchAtAgent(service, options, typed);
    });
}

/** Gives the order to the agent of a gateway. */
async function switchAtAgent(service: string, options: CommandOptions, typed: string): Promise<void> {
  refuseProblems(switchProblems(service, options));
  const socket = agentSocket(options.state);
  if (options.end) {
    const ended = (await callLocal(socket, "POST", "/switch/end", { service })) as { readonly wasInForce: boolean };
    printEnd(service, { ...ended, otherwise: "the policy decides" }, options.output);
    return;
  }
  const order = {
    service,
    to: options.to,
    reason: options.reason ?? "",
    ...(options.for === undefined ? {} : { forMs: options.for }),
  };
  const record = await callLocal(socket, "POST", "/switch", order);
  if (options.wait) await waitUntilServing(socket, { service, site: options.to ?? "", timeout: options.timeout });
  printOrder(record, { service, typed, cluster: "" }, options);
}

/** Writes the order into a cluster. */
async function switchInCluster(text: string, options: CommandOptions, invocation: Invocation): Promise<void> {
  const client = await clusterClient(options, invocation);
  const place = { namespace: options.namespace ?? client.namespace, given: options.namespace !== undefined };
  const named = namedServices([text], place);
  const [service = "/"] = named.services;
  refuseProblems([...named.problems, ...(named.problems.length > 0 ? [] : switchProblems(service, options))]);
  const { endSwitch, orderSwitch, untilServing } = await import("../cluster/cluster-switch.ts");
  const now = Date.now();
  if (options.end) {
    const ended = await endSwitch(client, service, now);
    const otherwise = "the policy decides, unless one was ordered at another site: that one is ended there";
    printEnd(service, { wasInForce: ended > 0, otherwise }, options.output);
    return;
  }
  const order = {
    service,
    to: options.to ?? "",
    until: options.for === undefined ? undefined : now + options.for,
    reason: options.reason ?? "",
  };
  const written = await orderSwitch(client, order, { now, fieldManager: CLI_FIELD_MANAGER });
  const clock = { now: () => Date.now(), after: processTimer };
  if (options.wait) await untilServing(client, order, { clock, timeoutMs: options.timeout });
  printOrder(written, { service, typed: invocation.typed, cluster: kubectlOptions(options) }, options);
}

function printEnd(
  service: string,
  { wasInForce, otherwise }: { readonly wasInForce: boolean; readonly otherwise: string },
  output: OutputForm,
): void {
  printResult({ wasInForce }, output, () =>
    wasInForce
      ? `the switch of ${service} is over; the policy decides again`
      : `no switch of ${service} was in force; ${otherwise}`,
  );
}

function printOrder(
  record: unknown,
  typedFor: { readonly service: string; readonly typed: string; readonly cluster: string },
  { to, wait, output }: CommandOptions,
): void {
  const { service, typed, cluster } = typedFor;
  printResult(record, output, () =>
    [
      wait
        ? `${service} is switched to ${to ?? ""}`
        : `${service} is ordered to ${to ?? ""}; --wait waits until it is there`,
      "",
      `Next: ${typed} switch ${service} --end${cluster}`,
    ].join("\n"),
  );
}

async function waitUntilServing(
  socket: string,
  wanted: { readonly service: string; readonly site: string; readonly timeout: number },
): Promise<void> {
  const end = Date.now() + wanted.timeout;
  for (;;) {
    const status = (await callLocal(socket, "GET", "/status")) as AgentStatus;
    const ports = status.services.filter((service) => service.service.startsWith(`${wanted.service}/`));
    if (ports.every((port) => port.servingSite === wanted.site)) return;
    if (Date.now() > end)
      throw new TandemError(
        "WaitTimedOut",
        `${wanted.site} does not serve ${wanted.service} yet: is it healthy there?`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
