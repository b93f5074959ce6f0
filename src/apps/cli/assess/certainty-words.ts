import type { RejectedNodes } from "../../../core/simulate/timeline/pending-replacements.ts";
import type { Certainty } from "../../../core/simulate/timeline/certainty.ts";

/** As people read it: `possible (3/16 seeds, --seed 2 shows it)`. */
export function certaintyWords(certainty: Certainty): string {
  switch (certainty.kind) {
    case "proved":
      return "proved";
    case "impossible":
      return "impossible";
    case "always":
      return `always (${certainty.seeds}/${certainty.seeds} seeds)`;
    case "never":
      return `never (0/${certainty.seeds} seeds)`;
    case "possible":
      return `possible (${certainty.count}/${certainty.seeds} seeds, --seed ${certainty.seed} shows it)`;
  }
}

/** Whether it happens in any seed. */
export function happens({ kind }: Certainty): boolean {
  return kind !== "never" && kind !== "impossible";
}

/** `3 node(s) had untolerated taint(s)`, as kube-scheduler writes it. */
export function reasonWords({ reason, nodes }: RejectedNodes): string {
  return nodes === 0 ? reason : `${nodes} ${reason}`;
}

/** `1m15s`, to the second. */
export function clockWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${rest > 0 ? `${rest}s` : ""}`;
  return text === "" ? "0s" : text;
}

/** `30s`, or `30s to 40s` where seeds differ. */
export function clockRange({ least, most }: { readonly least: number; readonly most: number }): string {
  const [from, to] = [clockWords(least), clockWords(most)];
  return from === to ? from : `${from} to ${to}`;
}
