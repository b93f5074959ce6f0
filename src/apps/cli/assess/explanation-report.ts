import type { PodExplanation } from "../../../core/simulate/timeline/explain-pod.ts";
import { certaintyWords, reasonWords } from "./certainty-words.ts";

/** Why a pod has a place or none, as people read it. @param what was lost, in the words of whoever asked */
export function formatExplanation(explanation: PodExplanation, what: string): string {
  const { pod, workload, node, placed, waits, gone } = explanation;
  return [
    `${pod} of ${workload}, ${node === undefined ? "waiting before" : `on ${node} before`}; ${what}`,
    ...placed.map((place) => {
      const stays = place.node === node ? "stays on" : "comes to";
      return `  ${stays} ${place.node}${place.isReady ? "" : ", not ready there"}: ${certaintyWords(place.certainty)}`;
    }),
    ...(waits === undefined ? [] : [`  finds no place: ${certaintyWords(waits.certainty)}`]),
    ...(waits?.reasons ?? []).map((rejected) => {
      const more = rejected.nodes - rejected.examples.length;
      const named =
        rejected.nodes === 0 ? "" : `: ${rejected.examples.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
      return `    ${reasonWords(rejected)}${named}`;
    }),
    ...(gone === undefined
      ? []
      : [`  is gone or being deleted, and nobody makes another one: ${certaintyWords(gone)}`]),
  ].join("\n");
}
