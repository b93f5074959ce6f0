import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { stringify } from "yaml";
import { callLocal } from "../../../adapters/http/local-client.ts";
import { replaceFile } from "../../../adapters/state/write-file.ts";
import type { Token } from "../../../adapters/pki/token.ts";
import { formatToken } from "../../../adapters/pki/token.ts";
import type { SiteRecord } from "../../../model/catalog.ts";
import { TandemError } from "../../../model/errors.ts";
import { DnsLabel, GATEWAY_PORT, Site, TANDEM_API_VERSION } from "../../../model/kinds/index.ts";
import type { AgentStatus } from "../../../model/status.ts";
import { type OutputForm, paint, printResult, table } from "../output.ts";
import { readSecret } from "./gateway.ts";
import { addressProblems, type GatewayArgument } from "../gateway-argument.ts";
import type { ClusterPlace } from "../cluster/join.ts";
import { VERSION } from "../version.ts";
import {
  clusterOptions,
  type ClusterOptions,
  clusterSource,
  namesCluster,
  namespaceOption,
} from "./cluster-options.ts";
import { agentSocket, labelArgument, outputOption, refuseProblems, stateOption } from "./options.ts";

/** `tandem site`. */
export function siteCommand(): Command {
  return new Command("site")
    .description("Set up this site, list the ones it is joined with")
    .addCommand(init())
    .addCommand(list());
}

function init(): Command {
  return new Command("init")
    .description(
      "Make a site: its manifests' directory and the state of its first gateway, which holds the authority's key",
    )
    .requiredOption("--name <site>", "name of the site")
    .requiredOption(
      "--gateway <name=address[:port]>",
      "a gateway; repeat for each, the first is this machine's",
      gatewayArgument,
      [],
    )
    .requiredOption("--site <dir>", "directory for the site's manifests")
    .addOption(stateOption())
    .option("--label <key=value>", "failure domain, e.g. region=eu-west; repeatable", labelArgument, {})
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem site init --name west --gateway west-1=192.0.2.10 --gateway west-2=192.0.2.11 --site ./west --state /var/lib/tandem",
    )
    .action(
      async (options: {
        name: string;
        gateway: GatewayArgument[];
        site: string;
        state: string;
        label: Record<string, string>;
        output: OutputForm;
      }) => {
        const [first] = options.gateway;
        if (first === undefined) throw new TandemError("InvalidArgument", "no gateway was given");
        const manifest = {
          apiVersion: TANDEM_API_VERSION,
          kind: "Site",
          metadata: { name: options.name },
          spec: { gateways: options.gateway, labels: options.label },
        };
        const issues = Site.safeParse(manifest).error?.issues ?? [];
        refuseProblems([
          ...issues.map(({ path, message }) => `${optionOf(path, options.gateway)}: ${message}`),
          ...addressProblems(options.gateway),
        ]);
        const { initialiseSite } = await import("../enrolment.ts");
        const file = join(options.site, "site.yaml");
        const names = { site: options.name, gateway: first.name };
        await initialiseSite(options.state, names, { file, text: stringify(manifest) }, Date.now());
        printResult({ site: options.name, gateway: first.name, manifest: file }, options.output, () =>
          [
            `${options.name} is set up; its Site is in ${file}`,
            "",
            "Next:",
            `  tandem agent --site ${options.site} --state ${options.state}`,
            `  tandem gateway run --state ${options.state}`,
          ].join("\n"),
        );
      },
    );
}

function list(): Command {
  return new Command("list")
    .description("Sites that this one is joined with")
    .addOption(stateOption())
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  tandem site list\n  tandem site list -o json")
    .action(async (options: { state: string; output: OutputForm }) => {
      const socket = agentSocket(options.state);
      const status = (await callLocal(socket, "GET", "/status")) as AgentStatus;
      printResult({ site: status.site, peers: status.peers }, options.output, () => {
        if (status.peers.length === 0)
          return `${status.site} is joined with no site\n\nNext: tandem token create --for NAME`;
        const rows = status.peers.map((peer) => [
          peer.name,
          peer.connected ? paint("green", "yes") : paint("red", "no"),
          peer.accepted ? "yes" : "pending",
          peer.gateways.join(", "),
        ]);
        return table([["SITE", "CONNECTED", "ACCEPTED", "GATEWAYS"], ...rows]);
      });
    });
}

/** `tandem token`. */
export function tokenCommand(): Command {
  const create = new Command("create")
    .description("Make a token that lets one site or one gateway in: one use, 15 minutes")
    .option("--for <site>", "name of the site that will join")
    .option("--gateway <name>", "name of a further gateway of this site")
    .option("--out <file>", "write it to a file that only you can read, instead of printing it")
    .addOption(stateOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem token create --for east --out east.token\n  tandem token create --for east --context west --out east.token\n  tandem token create --gateway west-2 --out west-2.token",
    );
  for (const option of [...clusterOptions(), namespaceOption()]) create.addOption(option);
  create.action(async (options: ClusterCommandOptions & { for?: string; gateway?: string; out?: string }) => {
    const name = options.for ?? options.gateway;
    if (name === undefined || (options.for !== undefined && options.gateway !== undefined)) {
      throw new TandemError("InvalidArgument", "give either --for SITE or --gateway NAME");
    }
    const order = { kind: options.for === undefined ? "gateway" : "site", for: name };
    const token = namesCluster(options)
      ? await clusterToken(options, name)
      : ((await callLocal(agentSocket(options.state), "POST", "/token", order)) as Token);
    const text = `${formatToken(token)}\n`;
    if (options.out === undefined) process.stdout.write(text);
    else await replaceFile(options.out, text);
    const redeem =
      token.kind === "site"
        ? `tandem join ${options.out ?? "FILE"} --state DIR`
        : `tandem gateway enrol ${options.out ?? "FILE"} --state DIR`;
    process.stderr.write(
      `good once, until ${new Date(token.expires).toISOString()}; redeem it at ${name} with: ${redeem}\n`,
    );
  });
  return new Command("token").description("Let sites and gateways in").addCommand(create);
}

/** Options of a command that is for a gateway's state directory or for a cluster. */
interface ClusterCommandOptions extends ClusterOptions {
  readonly namespace: string;
  readonly state: string;
}

async function clusterToken(
  options: ClusterCommandOptions & { readonly gateway?: string },
  name: string,
): Promise<Token> {
  if (options.gateway !== undefined)
    throw new TandemError("InvalidArgument", "gateways of a cluster need no token", {
      remedy: "Start the agent with --as SITE/GATEWAY: the cluster's controller lets it in",
    });
  const { createClusterToken } = await import("../cluster/join.ts");
  return createClusterToken(await clusterPlace(options), DnsLabel.parse(name));
}

async function clusterPlace(options: ClusterCommandOptions): Promise<ClusterPlace> {
  const { connectKube } = await import("../../../adapters/kube/index.ts");
  return { client: await connectKube(clusterSource(options), `tandem/${VERSION}`), namespace: options.namespace };
}

/** `tandem join`. */
export function joinCommand(): Command {
  const command = new Command("join")
    .description("Join this site with the one that made the token")
    .argument("<token-file>", "file with the token, or - for standard input")
    .addOption(stateOption())
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tandem join east.token --state /var/lib/tandem\n  tandem join east.token --context east\n  tandem join - < east.token",
    );
  for (const option of [...clusterOptions(), namespaceOption()]) command.addOption(option);
  return command.action(async (file: string, options: ClusterCommandOptions & { output: OutputForm }) => {
    if (namesCluster(options)) {
      const { joinCluster } = await import("../cluster/join.ts");
      const { own, joined } = await joinCluster(await clusterPlace(options), await readSecret(file));
      printResult({ joined }, options.output, () => joinedText(own, joined));
      return;
    }
    const socket = agentSocket(options.state);
    const result = (await callLocal(socket, "POST", "/join", { token: await readSecret(file) })) as {
      joined: string;
    };
    const own = (await callLocal(socket, "GET", "/site")) as SiteRecord;
    printResult(result, options.output, () => joinedText(own.name, result.joined));
  });
}

function joinedText(own: string, joined: string): string {
  return `${own} and ${joined} are joined\n\nNext: list both sites in a FailoverPolicy and look at \`tandem status\``;
}

/** The option that sets a field of a Site. */
function optionOf(path: readonly PropertyKey[], gateways: readonly GatewayArgument[]): string {
  if (path[0] === "metadata") return "--name";
  if (path[1] === "labels") return "--label";
  const name = gateways[Number(path[2])]?.name;
  return name === undefined ? "--gateway" : `--gateway ${name}: ${String(path[3] ?? "")}`;
}

function gatewayArgument(text: string, before: GatewayArgument[]): GatewayArgument[] {
  const match = /^([^=]+)=(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("write name=address or name=address:port");
  const [, name = "", address = "", port] = match;
  return [
    ...before,
    { name, address: address.replace(/^\[|\]$/g, ""), port: port === undefined ? GATEWAY_PORT : Number(port) },
  ];
}
