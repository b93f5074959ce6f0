/**
 * What a loss comes to over time, as people read it: the worst first.
 * @module
 */
import type { TimelineEvent, TimelineEventKind } from "../../../core/simulate/timeline/event-log.ts";
import type { PendingReplacement } from "../../../core/simulate/timeline/pending-replacements.ts";
import type { ServiceTimeline } from "../../../core/simulate/timeline/service-timeline.ts";
import type { TimelineImpact } from "../../../core/simulate/timeline/simulate-timeline.ts";
import { counted, paint, table } from "../output.ts";
import { certaintyWords, clockRange, clockWords, happens, reasonWords } from "./certainty-words.ts";
import { replicaPicture } from "./replica-picture.ts";

/** More than that is not shown at first sight. */
const MOST_ROWS = 8;
const MOST_GROUPS = 3;

/** The text for a terminal. @param what was lost, in the words of whoever asked */
export function formatTimeline(impact: TimelineImpact, what: string): string {
  const { lostNodes, untilMs, seeds } = impact;
  const verb = impact.form === "drained" ? "drained" : "lost";
  return [
    `${what}: ${counted(lostNodes.length, "node")} ${verb}; ${clockWords(untilMs)} simulated, ${seedWords(seeds)}`,
    ...controlPlaneLines(impact),
    "",
    ...(impact.services.length === 0 ? [paint("green", "no Service loses a pod")] : [serviceTable(impact)]),
    ...pendingLines(impact),
    ...stuckLines(impact),
    ...drainLines(impact),
    ...namedLine(`preempted, in any seed`, impact.preempted),
    ...namedLine("nobody makes these anew", impact.bare),
    "",
    ...eventLines(impact),
    ...assumptionLines(impact).map((text) => paint("dim", text)),
  ].join("\n");
}

function seedWords(seeds: readonly number[]): string {
  return seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds`;
}

function controlPlaneLines({ controlPlane }: TimelineImpact): readonly string[] {
  if (controlPlane.fate !== "lost") return [];
  const { lost, members, because } = controlPlane;
  return [
    paint("red", `THE CONTROL PLANE IS LOST WITH IT (${lost} of ${members}): ${because}`),
    paint("red", "nothing is noticed, evicted or replaced, and requests still go to lost pods"),
  ];
}

function serviceTable({ services, untilMs }: TimelineImpact): string {
  const shown = services.slice(0, MOST_ROWS);
  const rows = shown.map((service) => [
    service.service,
    `${service.needs.pods} (${service.needs.because})`,
    `${service.before}`,
    rangeWords(service.atWorst),
    rangeWords(service.after),
    clockRange(service.belowNeedsMs),
    clockRange(service.noneMs),
    service.loadAtWorst === undefined ? "-" : `${Math.round(service.loadAtWorst * 100)}%`,
    replicaPicture(service, untilMs),
    verdict(service),
  ]);
  const heads = ["SERVICE", "NEEDS", "BEFORE", "AT WORST", "AFTER", "BELOW NEED", "NONE", "LOAD", "OVER TIME", ""];
  const more = services.length - rows.length;
  return [table([heads, ...rows]), ...(more > 0 ? [`and ${counted(more, "Service")} more: -o json has all`] : [])].join(
    "\n",
  );
}

function verdict({ endsBelowNeeds, dropsBelowNeeds, enoughAgainMs, wasBelowNeeds }: ServiceTimeline): string {
  const already = wasBelowNeeds ? "; was below before the loss" : "";
  if (happens(endsBelowNeeds))
    return paint("red", `stays below what it needs: ${certaintyWords(endsBelowNeeds)}${already}`);
  if (!happens(dropsBelowNeeds)) return paint("green", "has what it needs");
  const again = enoughAgainMs === undefined ? "" : ` until ${clockRange(enoughAgainMs)}`;
  return paint("yellow", `below what it needs${again}: ${certaintyWords(dropsBelowNeeds)}${already}`);
}

function pendingLines({ pending }: TimelineImpact): readonly string[] {
  if (pending.length === 0) return [];
  const groups = [...Map.groupBy(pending, groupKey).values()];
  const shown = groups.slice(0, MOST_GROUPS);
  return [
    "",
    `${counted(pending.length, "pod")} without a place (--explain POD says more):`,
    ...shown.flatMap((own) => {
      const [first] = own;
      if (first === undefined) return [];
      return [
        `  ${own.length} of ${first.workload}: ${certaintyWords(first.certainty)}`,
        `    ${first.reasons.map(reasonWords).join(", ")}`,
      ];
    }),
    ...(groups.length > shown.length ? [`  and ${groups.length - shown.length} more groups: -o json has all`] : []),
  ];
}

/** Pods of a workload that wait for the same reasons, as surely. */
function groupKey({ workload, certainty, reasons }: PendingReplacement): string {
  return [workload, certainty.kind, ...reasons.map(reasonWords)].join("\n");
}

function stuckLines({ stuck }: TimelineImpact): readonly string[] {
  if (stuck.length === 0) return [];
  const shown = stuck.slice(0, MOST_GROUPS);
  return [
    "",
    "not replaced or not ready at the end:",
    ...shown.map(({ workload, reason, count }) => `  ${count} of ${workload}: ${reason}`),
    ...(stuck.length > shown.length ? [`  and ${stuck.length - shown.length} more groups: -o json has all`] : []),
  ];
}

function drainLines({ blocking, notDrained }: TimelineImpact): readonly string[] {
  return [
    ...(blocking.length === 0 ? [] : ["", "evictions refused:"]),
    ...blocking.slice(0, MOST_ROWS).map(({ budget, pod, sinceMs, untilMs, ends }) => {
      if (ends === "two budgets") return `  ${budget} both select ${pod}: the eviction API answers 500`;
      const time = `${clockWords(sinceMs)} to ${clockWords(untilMs)}`;
      const end = ends === "refused" ? paint("red", "to the end") : `until ${clockWords(untilMs)}`;
      return `  budget ${budget}, first for ${pod}, ${time}: ${end}`;
    }),
    ...namedLine("not drained", notDrained),
  ];
}

function namedLine(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : ["", `${what}: ${shortList(names)}`];
}

/** What happened, in words for one and for several. */
const EVENT_WORDS: Readonly<Partial<Record<TimelineEventKind, string>>> = {
  "node not ready": "Node not ready",
  "pod out of the endpoints": "Pod out of the endpoints",
  "pod evicted": "Pod evicted",
  "pod collected": "Pod of a lost node collected",
};

function eventLines({ events, seeds }: TimelineImpact): readonly string[] {
  if (events.length === 0) return [];
  const rows = events.map((event) => [`  ${timesOf(event)}`, eventWords(event)]);
  return [`what happens${seeds.length > 1 ? ` (seed ${seeds[0]})` : ""}:`, table(rows), ""];
}

function timesOf({ firstMs, lastMs }: TimelineEvent): string {
  return clockRange({ least: firstMs, most: lastMs });
}

function eventWords({ kind, count, examples }: TimelineEvent): string {
  const words = EVENT_WORDS[kind] ?? `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  const [first = ""] = examples;
  if (count === 1) return `${words}: ${first}`;
  const shown = examples.slice(0, 2).join(", ");
  return `${words}: ${shown}${count > 2 ? ` ... (${count})` : ""}`;
}

function assumptionLines({ startUps, controlPlane, notModelled }: TimelineImpact): readonly string[] {
  const observed = startUps.filter(({ because }) => because === "observed");
  const assumed = startUps.filter(({ because }) => because === "assumed");
  const named = observed
    .slice(0, 3)
    .map(({ workload, ms, pods }) => `${workload} ${clockWords(ms)} (${counted(pods, "pod")})`);
  const more = observed.length > 3 ? ` and ${observed.length - 3} more` : "";
  return [
    ...(observed.length === 0 ? [] : [`start-up observed: ${named.join(", ")}${more}`]),
    ...(assumed.length === 0
      ? []
      : [
          `start-up assumed: ${clockWords(assumed[0]?.ms ?? 0)} for ${shortList(assumed.map(({ workload }) => workload))} (--startup)`,
        ]),
    ...(controlPlane.fate === "elsewhere" ? ["control plane: not among the nodes; assumed to work on"] : []),
    ...notModelled.map((text) => `not modelled: ${text}`),
  ];
}

function rangeWords({ least, most }: { readonly least: number; readonly most: number }): string {
  return least === most ? `${least}` : `${least} to ${most}`;
}

function shortList(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
