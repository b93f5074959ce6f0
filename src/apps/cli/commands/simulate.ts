import { Command, Option } from "commander";
import { LOSS_FORMS, TIMELINE_FORMS, type TimelineForm } from "../../../core/simulate/loss.ts";
import { rankFailures } from "../../../core/simulate/rank-failures.ts";
import type { AddedNodes } from "../../../core/simulate/timeline/added-nodes.ts";
import { compareImpacts, type ImpactComparison } from "../../../core/simulate/timeline/compare-impacts.ts";
import { explainPod } from "../../../core/simulate/timeline/explain-pod.ts";
import { simulateTimeline, type TimelineImpact } from "../../../core/simulate/timeline/simulate-timeline.ts";
import { TIMELINE_DEFAULTS, type TimelineScenario } from "../../../core/simulate/timeline/timeline-scenario.ts";
import { formatDuration } from "../../../model/duration.ts";
import { EXIT, TandemError } from "../../../model/errors.ts";
import type { ClusterSnapshot } from "../../../model/snapshot/cluster-snapshot.ts";
import { nearestWord } from "../../../model/suggestion.ts";
import { happens } from "../assess/certainty-words.ts";
import { formatComparison, readOldImpact } from "../assess/comparison-report.ts";
import { formatExplanation } from "../assess/explanation-report.ts";
import { formatFailureRanking } from "../assess/failure-ranking-report.ts";
import { readAssessedCluster } from "../assess/assessed-cluster.ts";
import { reportLeftOut } from "../assess/report-left-out.ts";
import {
  addedNodesArgument,
  failureKey,
  type LostDomainArgument,
  lostDomainArgument,
  lostNodes,
  refuseEmptyPools,
} from "../assess/simulate-arguments.ts";
import { formatTimeline } from "../assess/timeline-report.ts";
import { type OutputForm, printResult } from "../output.ts";
import { type ClusterOptions, clusterOptions } from "./cluster-options.ts";
import { countArgument, durationArgument, outputOption, refuseProblems } from "./options.ts";
import { SIMULATE_HELP } from "./simulate-help.ts";

/** What a command can be told to fail on. */
const FAILURES = ["below-needs", "interrupted", "pending", "worse"] as const;

/** Beyond that nobody leaves a cluster alone, and looking takes long. */
const LONGEST_MS = 24 * 3_600_000;

interface SimulateOptions extends ClusterOptions {
  readonly lose: readonly LostDomainArgument[];
  readonly as: TimelineForm;
  readonly until: number;
  readonly startup: number;
  readonly addNodes: readonly AddedNodes[];
  readonly seeds: number;
  readonly seed?: number;
  readonly explain?: string;
  readonly each?: string;
  readonly pairs: boolean;
  readonly compare?: string;
  readonly failOn?: (typeof FAILURES)[number];
  readonly output: OutputForm;
}

/** `tandem simulate PATH... --lose DOMAIN`. */
export function simulateCommand(): Command {
  const { untilMs, startUpMs } = TIMELINE_DEFAULTS;
  const command = new Command("simulate")
    .description("What the loss of nodes, a zone or a region comes to: when pods go, where others find a place")
    .argument("[path...]", "files and folders with the cluster's objects, or a snapshot; - for standard input")
    .option(
      "--lose <domain>",
      "node=NAME, zone=ZONE, region=REGION or LABEL=VALUE; repeat to lose several at once",
      lostDomainArgument,
      [],
    )
    .addOption(
      new Option(
        "--as <form>",
        "unreachable: nodes say nothing; deleted: their objects go as well; out-of-service: they are said to be off; drained: by kubectl drain",
      )
        .choices(TIMELINE_FORMS)
        .default("unreachable"),
    )
    .addOption(
      new Option("--until <time>", "how far to look")
        .argParser(durationArgument)
        .default(untilMs, formatDuration(untilMs)),
    )
    .addOption(
      new Option("--startup <time>", "how long pods take to be ready where their workload's pods do not show it")
        .argParser(durationArgument)
        .default(startUpMs, formatDuration(startUpMs)),
    )
    .option(
      "--add-nodes <pool=n@time>",
      "copies of a node that come meanwhile: of the node POOL, or with the label LABEL=VALUE or any of the value POOL; repeatable",
      addedNodesArgument,
      [],
    )
    .option("--seeds <n>", "how often chance is tried, 1 to 1000", countArgument(1, 1000), 16)
    .option("--seed <n>", "only this one, as a result names it", countArgument(1, 1_000_000_000))
    .option("--explain <pod>", "why this pod, NAMESPACE/NAME, has a place or none")
    .option("--each <domain>", "instead of --lose: every single node, zone, region or value of LABEL, the worst first")
    .option("--pairs", "with --each: every two of them as well", false)
    .option("--compare <file>", "what got worse or better than in an older result of -o json")
    .addOption(new Option("--fail-on <what>", "exit code 1 when this can happen").choices(FAILURES))
    .addOption(outputOption());
  for (const option of clusterOptions()) command.addOption(option);
  return command.addHelpText("after", SIMULATE_HELP).action(async (paths: string[], options: SimulateOptions) => {
    refuseProblems(problemsOf(options));
    const files = await readAssessedCluster(paths, options);
    reportLeftOut(files);
    if (options.each !== undefined) simulateEach(files.snapshot, options, options.each);
    else if (options.explain !== undefined) explain(files.snapshot, options, options.explain);
    else await simulateLoss(files.snapshot, options);
  });
}

/** Options that say nothing together. */
function problemsOf(options: SimulateOptions): readonly string[] {
  const { lose, each, pairs, explain: pod, compare, as, failOn, addNodes, seed, until } = options;
  const late = addNodes.filter(({ atMs }) => atMs >= until);
  return [
    ...(until > LONGEST_MS ? [`--until: ${formatDuration(LONGEST_MS)} at most`] : []),
    ...late.map(({ pool }) => `--add-nodes ${pool}: comes after the end, --until ${formatDuration(until)}`),
    ...(each !== undefined && (addNodes.length > 0 || seed !== undefined)
      ? ["--each: tries without time and all seeds, leave --add-nodes and --seed out"]
      : []),
    ...(lose.length === 0 && each === undefined && pod === undefined ? ["--lose or --each: say what is lost"] : []),
    ...(lose.length > 0 && each !== undefined ? ["--each: every one is lost in turn, leave --lose out"] : []),
    ...(pairs && each === undefined ? ["--pairs: say with --each of what"] : []),
    ...(each !== undefined && (pod ?? compare) !== undefined
      ? ["--each: goes neither with --explain nor with --compare"]
      : []),
    ...(pod !== undefined && compare !== undefined ? ["--explain: does not go with --compare"] : []),
    ...(each !== undefined && !isUntimed(as) ? [`--each: goes with --as ${LOSS_FORMS.join(" and ")}`] : []),
    ...(failOn === "worse" && compare === undefined ? ["--fail-on worse: say with --compare than what"] : []),
    ...(each !== undefined && failOn === "interrupted" ? ["--fail-on interrupted: --each does not count seconds"] : []),
    ...(pod !== undefined && failOn !== undefined ? ["--fail-on: does not go with --explain"] : []),
  ];
}

function isUntimed(form: TimelineForm): form is (typeof LOSS_FORMS)[number] {
  return LOSS_FORMS.some((one) => one === form);
}

/** @throws TandemError InvalidManifests, InvalidArgument */
function scenarioOf(snapshot: ClusterSnapshot, options: SimulateOptions): TimelineScenario {
  const nodes = lostNodes(options.lose, snapshot);
  refuseEmptyPools(options.addNodes, snapshot, nodes);
  const seeds =
    options.seed === undefined ? Array.from({ length: options.seeds }, (_, index) => index + 1) : [options.seed];
  const { as: form, until: untilMs, startup: startUpMs, addNodes: added } = options;
  return { nodes, form, seeds, untilMs, startUpMs, added };
}

function whatIsLost({ lose, as }: SimulateOptions): string {
  return lose.length === 0 ? "nothing is lost" : `${lose.map(({ text }) => text).join(", ")} ${as}`;
}

async function simulateLoss(snapshot: ClusterSnapshot, options: SimulateOptions): Promise<void> {
  const old = options.compare === undefined ? undefined : await readOldImpact(options.compare);
  const impact = simulateTimeline(snapshot, scenarioOf(snapshot, options));
  const comparison = old === undefined ? undefined : compareImpacts(old, impact);
  const result = comparison === undefined ? impact : { ...impact, comparison };
  printResult(result, options.output, () =>
    [
      formatTimeline(impact, whatIsLost(options)),
      ...(comparison === undefined || old === undefined ? [] : ["", formatComparison(comparison, old, impact)]),
    ].join("\n"),
  );
  if (options.failOn !== undefined && fails(options.failOn, impact, comparison)) process.exitCode = EXIT.failed;
}

function fails(
  failure: (typeof FAILURES)[number],
  { services, pending }: TimelineImpact,
  comparison: ImpactComparison | undefined,
): boolean {
  switch (failure) {
    case "below-needs":
      return services.some(({ endsBelowNeeds }) => happens(endsBelowNeeds));
    case "interrupted":
      return services.some(({ noneMs }) => noneMs.most > 0);
    case "pending":
      return pending.length > 0;
    case "worse":
      return (comparison?.worse.length ?? 0) > 0;
  }
}

/** @throws TandemError InvalidArgument when it is not clear which pod is meant */
function explain(snapshot: ClusterSnapshot, options: SimulateOptions, pod: string): void {
  const explanation = explainPod(snapshot, scenarioOf(snapshot, options), pod);
  if ("pod" in explanation) {
    printResult(explanation, options.output, () => formatExplanation(explanation, whatIsLost(options)));
    return;
  }
  const near = nearestWord(pod, explanation);
  throw new TandemError("InvalidArgument", `--explain ${pod}: no pod, or more than one, has that name`, {
    remedy:
      near === undefined
        ? "Write NAMESPACE/NAME of a pod that is there before the loss"
        : `Write NAMESPACE/NAME of a pod that is there before the loss; did you mean ${near}?`,
  });
}

function simulateEach(snapshot: ClusterSnapshot, options: SimulateOptions, word: string): void {
  const key = failureKey(word, snapshot);
  const { seeds, pairs, as } = options;
  const ranking = rankFailures(snapshot, { key, form: isUntimed(as) ? as : "unreachable", seeds, pairs });
  printResult(ranking, options.output, () => formatFailureRanking(ranking, word));
  const { failOn } = options;
  const isFailed =
    failOn === "pending"
      ? ranking.failures.some(({ pending }) => pending > 0)
      : failOn === "below-needs" && ranking.failures.some(({ staysBelow }) => staysBelow.length > 0);
  if (isFailed) process.exitCode = EXIT.failed;
}
