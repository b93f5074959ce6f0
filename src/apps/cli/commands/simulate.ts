import { Command, InvalidArgumentError, Option } from "commander";
import {
  LOSS_FORMS,
  type LossForm,
  type LostDomain,
  nodesOf,
  parseLostDomain,
  valuesOf,
} from "../../../core/simulate/loss.ts";
import { type LossImpact, simulateLoss } from "../../../core/simulate/simulate-loss.ts";
import { EXIT, TandemError } from "../../../model/errors.ts";
import { formatProblem } from "../../../model/problem.ts";
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { nearestWord } from "../../../model/suggestion.ts";
import { formatLossImpact } from "../assess/loss-report.ts";
import { type ClusterFiles, readClusterFiles } from "../assess/read-cluster-files.ts";
import { type OutputForm, printResult } from "../output.ts";
import { countArgument, outputOption } from "./options.ts";

/** What a command can be told to fail on. */
const FAILURES = ["below-needs", "pending"] as const;

interface SimulateOptions {
  readonly lose: readonly { readonly text: string; readonly domain: LostDomain }[];
  readonly as: LossForm;
  readonly seeds: number;
  readonly failOn?: (typeof FAILURES)[number];
  readonly output: OutputForm;
}

/** `tandem simulate PATH... --lose DOMAIN`. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("What the loss of nodes, a zone or a region comes to, without time: where replacements find a place")
    .argument("<path...>", "files and folders with the cluster's objects; - for standard input")
    .requiredOption(
      "--lose <domain>",
      "node=NAME, zone=ZONE, region=REGION or LABEL=VALUE; repeat to lose several at once",
      lostDomainArgument,
      [],
    )
    .addOption(
      new Option("--as <form>", "unreachable: Node objects stay; deleted: they are gone as well")
        .choices(LOSS_FORMS)
        .default("unreachable"),
    )
    .option("--seeds <n>", "how often chance is tried, 1 to 1000", countArgument(1, 1000), 16)
    .addOption(new Option("--fail-on <what>", "exit code 1 when this can happen").choices(FAILURES))
    .addOption(outputOption())
    .addHelpText(
      "after",
      `
Pods are placed as kube-scheduler 1.36 would place them: docs/assess.md has what is modelled and how that is verified.

Examples:
  tandem simulate ./cluster --lose zone=eu-1a
  tandem simulate cluster.json --lose node=a1 --lose node=a2 --as deleted -o json
  kubectl get ns,no,po,pv,pvc,sc,csinodes,csidrivers,volumeattachments,pdb,rs,rc,sts,svc -A -o json | tandem simulate - --lose zone=eu-1a`,
    )
    .action(async (paths: string[], options: SimulateOptions) => {
      const files = await readClusterFiles(paths);
      reportProblems(files);
      const nodes = lostNodes(options.lose, files.snapshot);
      const { as: form, seeds } = options;
      const impact = simulateLoss(files.snapshot, { nodes, form, seeds });
      const what = `${options.lose.map(({ text }) => text).join(", ")} ${form}`;
      printResult(impact, options.output, () => formatLossImpact(impact, what));
      if (options.failOn !== undefined && happens(options.failOn, impact)) process.exitCode = EXIT.failed;
    });
}

function lostDomainArgument(text: string, before: SimulateOptions["lose"]): SimulateOptions["lose"] {
  const domain = parseLostDomain(text);
  if (domain === undefined) throw new InvalidArgumentError("Write node=NAME, zone=ZONE, region=REGION or LABEL=VALUE.");
  return [...before, { text, domain }];
}

/** What is left out is said, and the rest goes on. */
function reportProblems({ problems, otherKinds }: ClusterFiles): void {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  const kinds = [...otherKinds].map(([kind, count]) => `${count} ${kind === "" ? "without a kind" : kind}`);
  if (kinds.length > 0) process.stderr.write(`not looked at: ${kinds.toSorted().join(", ")}\n`);
}

/** @throws TandemError InvalidManifests, InvalidArgument when there is nothing that could be lost */
function lostNodes(domains: SimulateOptions["lose"], snapshot: ClusterSnapshot): ReadonlySet<string> {
  if (snapshot.nodes.length === 0)
    throw new TandemError("InvalidManifests", "there is no Node among the objects: nothing can be lost", {
      remedy: "Name files of a cluster, or pass it on: the help has a kubectl command that prints what is needed",
    });
  const unknown = domains.filter(({ domain }) => nodesOf(domain, snapshot).length === 0);
  if (unknown.length > 0)
    throw new TandemError("InvalidArgument", unknown.map((one) => noSuchDomain(one, snapshot)).join("\n  "));
  return new Set(domains.flatMap(({ domain }) => nodesOf(domain, snapshot).map(({ metadata }) => metadata.name)));
}

function noSuchDomain({ text, domain }: SimulateOptions["lose"][number], snapshot: ClusterSnapshot): string {
  const values = valuesOf(domain.key, snapshot);
  const near = nearestWord(domain.value, values);
  if (near !== undefined) return `--lose ${text}: no node is there; did you mean ${near}?`;
  if (values.length === 0) return `--lose ${text}: no node has the label ${domain.key}`;
  return `--lose ${text}: no node is there; there are ${values.slice(0, 10).join(", ")}`;
}

function happens(failure: (typeof FAILURES)[number], { services, pending }: LossImpact): boolean {
  return failure === "pending" ? pending.length > 0 : services.some(({ belowNeeds }) => belowNeeds.seeds > 0);
}
