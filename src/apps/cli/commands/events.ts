import { Command } from "commander";
import type { PolicyNews } from "../cluster/policy-events.ts";
import { namedServices } from "../cluster/service-argument.ts";
import { type OutputForm, printResult } from "../output.ts";
import type { Invocation } from "../typed-command.ts";
import { clusterClient, type ClusterOptions, clusterOptions, inNamespaceOption } from "./cluster-options.ts";
import { outputOption, refuseProblems } from "./options.ts";
import { processTimer } from "./process.ts";

interface EventsOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly watch: boolean;
  readonly output: OutputForm;
}

/** `tandem events`. */
export function eventsCommand(invocation: Invocation): Command {
  const command = new Command("events")
    .description("What happened to the Services of a cluster: failovers, switches, what is degraded")
    .argument("[service]", "Service, NAMESPACE/NAME; all when absent")
    .option("-w, --watch", "go on with what happens, until Ctrl-C", false)
    .addOption(inNamespaceOption("only what is in this namespace"));
  for (const option of clusterOptions()) command.addOption(option);
  const { typed } = invocation;
  const context = invocation.meansCluster ? "" : " --context west";
  return command
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
API servers keep Events for an hour. docs/status.md lists their reasons. With --watch -o json there is one object a line.

Examples:
  ${typed} events${context}
  ${typed} events shop/web --watch${context}
  ${typed} events -n shop${context} -o json | jq '.[] | select(.reason == "FailedOver")'`,
    )
    .action(async (text: string | undefined, options: EventsOptions) => {
      const client = await clusterClient(options, invocation);
      const place = { namespace: options.namespace ?? client.namespace, given: options.namespace !== undefined };
      const named = namedServices(text === undefined ? [] : [text], place);
      refuseProblems(named.problems);
      const [service] = named.services;
      const of = { service, namespace: service?.split("/")[0] ?? options.namespace };
      const { requireNamespaces } = await import("../cluster/require-namespaces.ts");
      await requireNamespaces(client, [of.namespace]);
      const { followNews, readNews, renderNews } = await import("../cluster/policy-events.ts");
      if (!options.watch) {
        const news = await readNews(client, of);
        const empty = "nothing has happened in the last hour, or no controller has told of it";
        printResult(news, options.output, () => (news.length === 0 ? empty : renderNews(news, true)));
        return;
      }
      const tell = (news: readonly PolicyNews[]): void => {
        if (options.output === "text") process.stdout.write(`${renderNews(news, false)}\n`);
        else if (options.output === "json") for (const one of news) process.stdout.write(`${JSON.stringify(one)}\n`);
        else printResult(news, options.output, () => "");
      };
      await followNews(client, of, {
        clock: { now: () => Date.now(), after: processTimer },
        random: () => Math.random(),
        tell,
        trouble: (message) => process.stderr.write(`cannot be followed at the moment: ${message}\n`),
      });
    });
}
