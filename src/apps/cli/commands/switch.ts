import { Command, Option } from "commander";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { TandemError } from "../../../model/errors.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { type OutputForm, printResult } from "../output.ts";
import { type SwitchOptions, switchProblems } from "../switch-order.ts";
import { agentSocket, durationArgument, outputOption, refuseProblems, stateOption } from "./options.ts";

const POLL_MS = 100;

interface CommandOptions extends SwitchOptions {
  readonly timeout: number;
  readonly state: string;
  readonly output: OutputForm;
}

/** `tandem switch`. */
export function switchCommand(): Command {
  return new Command("switch")
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
    .addOption(stateOption())
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem switch shop/web --to east --for 10m --reason maintenance --wait\n  tandem switch shop/web --end",
    )
    .action(async (service: string, options: CommandOptions) => {
      refuseProblems(switchProblems(service, options));
      const socket = agentSocket(options.state);
      if (options.end) {
        const ended = (await callLocal(socket, "POST", "/switch/end", { service })) as { readonly wasInForce: boolean };
        printResult(ended, options.output, () =>
          ended.wasInForce
            ? `the switch of ${service} is over; the policy decides again`
            : `no switch of ${service} was in force; the policy decides`,
        );
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
      printResult(
        record,
        options.output,
        () => `${service} is switched to ${options.to ?? ""}\n\nNext: tandem switch ${service} --end`,
      );
    });
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
