/**
 * The impact of a loss as people read it: the worst first.
 * @module
 */
import type { LossImpact, PendingPod, Range, ServiceImpact } from "../../../core/simulate/simulate-loss.ts";
import { counted, paint, table } from "../output.ts";

/** More than that is not shown at first sight. */
const MOST_ROWS = 10;

/** The text for a terminal. @param what was lost, in the words of whoever asked */
export function formatLossImpact(impact: LossImpact, what: string): string {
  return [
    headline(impact, what),
    "",
    ...(impact.services.length === 0 ? [paint("green", "no Service loses a pod")] : [serviceTable(impact)]),
    ...pendingLines(impact),
    ...(impact.preempted.length === 0
      ? []
      : ["", `${counted(impact.preempted.length, "pod")} may be preempted: ${shortList(impact.preempted)}`]),
    "",
    ...impact.notModelled.map((text) => paint("dim", `not modelled: ${text}`)),
  ].join("\n");
}

function headline({ lostNodes, fates, seeds }: LossImpact, what: string): string {
  const parts = [
    `${fates.replaced} replaced`,
    `${fates.gone} gone`,
    ...(fates["of-node"] === 0 ? [] : [`${fates["of-node"]} of their nodes`]),
    ...(fates.kept === 0 ? [] : [`${fates.kept} never evicted`]),
  ];
  return `${what}: ${counted(lostNodes.length, "node")} lost; of the pods there ${parts.join(", ")}; ${counted(seeds, "seed")}`;
}

function serviceTable({ services, seeds }: LossImpact): string {
  const rows = services
    .slice(0, MOST_ROWS)
    .map((service) => [
      service.service,
      `${service.needs.pods} (${service.needs.because})`,
      `${service.before}`,
      `${service.atWorst}`,
      rangeText(service.after),
      verdict(service, seeds),
    ]);
  const more = services.length - rows.length;
  return [
    table([["SERVICE", "NEEDS", "BEFORE", "AT WORST", "AFTER", ""], ...rows]),
    ...(more > 0 ? [`and ${counted(more, "Service")} more: -o json has all`] : []),
  ].join("\n");
}

function verdict({ needs, atWorst, belowNeeds }: ServiceImpact, seeds: number): string {
  if (belowNeeds.seeds > 0) return paint("red", `stays below what it needs: ${certainty(belowNeeds.seeds, seeds)}`);
  return atWorst < needs.pods
    ? paint("yellow", "below what it needs until replacements run")
    : paint("green", "has what it needs");
}

/** One seed that shows what is not certain is named, to be run again. */
function certainty(count: number, seeds: number): string {
  return count === seeds ? `always (${count}/${seeds} seeds)` : `possible (${count}/${seeds} seeds)`;
}

function pendingLines({ pending, seeds }: LossImpact): readonly string[] {
  if (pending.length === 0) return [];
  const shown = pending.slice(0, MOST_ROWS / 2);
  return [
    "",
    `replacements that find no place: ${pending.length}`,
    ...shown.flatMap((pod) => [`  for ${pod.replaces}: ${certainty(pod.seeds, seeds)}`, `    ${reasonText(pod)}`]),
    ...(pending.length > shown.length ? [`  and ${pending.length - shown.length} more: -o json has all`] : []),
  ];
}

/** As kube-scheduler writes it. */
function reasonText({ reasons }: PendingPod): string {
  return Object.entries(reasons)
    .map(([reason, nodes]) => (nodes === 0 ? reason : `${nodes} ${reason}`))
    .toSorted()
    .join(", ");
}

function rangeText({ least, most }: Range): string {
  return least === most ? `${least}` : `${least} to ${most}`;
}

function shortList(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
