/**
 * What kube-scheduler writes of a pod that fits nowhere: `0/3 nodes are available: 1 Insufficient cpu, 2 ...`.
 * @module
 */

/** How many nodes were rejected for each reason, or why none was looked at. */
export type FailureMessage =
  | { readonly form: "counts"; readonly nodes: number; readonly reasons: Readonly<Record<string, number>> }
  | { readonly form: "refusal"; readonly text: string };

const NO_NODES = "no nodes available to schedule pods";

/**
 * Reads the message of the condition PodScheduled. What it says of preemption, after the first sentence, is left out. A text
 * of another form, such as an error, counts as a refusal.
 */
export function parseFailureMessage(message: string): FailureMessage {
  if (message === NO_NODES) return { form: "counts", nodes: 0, reasons: {} };
  const [, total, rest] = /^0\/(\d+) nodes are available:\s*([^]*)$/.exec(message) ?? [];
  if (total === undefined || rest === undefined) return { form: "refusal", text: message };
  // Names hold points as well, but none before a space.
  const [sentence = ""] = rest.split(/\.(?:\s|$)/);
  if (sentence === "" || startsLaterSentence(sentence)) return { form: "counts", nodes: Number(total), reasons: {} };
  const parts = sentence.split(/, (?=\d+ )/).map((part) => /^(\d+) ([^]+)$/.exec(part));
  const reasons: Record<string, number> = {};
  for (const part of parts) {
    const [, count, reason] = part ?? [];
    if (count === undefined || reason === undefined) return { form: "refusal", text: sentence };
    const name = sameInAllVersions(reason);
    reasons[name] = (reasons[name] ?? 0) + Number(count);
  }
  return { form: "counts", nodes: Number(total), reasons };
}

/** A cluster without reasons goes on with what was tried to make room. */
function startsLaterSentence(sentence: string): boolean {
  return /^(preemption:|no new claims to deallocate|still not schedulable)/.test(sentence);
}

/** Up to 1.34 a reason names the taint. */
function sameInAllVersions(reason: string): string {
  return reason.startsWith("node(s) had untolerated taint {") ? "node(s) had untolerated taint(s)" : reason;
}
