/**
 * What a case is about. Few themes at a time, or no rule would ever decide alone.
 * @module
 */
import type { CaseMode } from "../scheduler-case.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** One thing that can keep a pod from a node. */
export type Theme =
  | "resources"
  | "pod-shapes"
  | "resize"
  | "slots"
  | "taints"
  | "cordon"
  | "node-affinity"
  | "host-ports"
  | "spread"
  | "affinity"
  | "anti-affinity"
  | "existing-anti-affinity"
  | "bound-volumes"
  | "volume-zones"
  | "delayed-volumes"
  | "storage-capacity"
  | "volume-limits"
  | "single-pod-claims"
  | "disks"
  | "claim-trouble"
  | "terminating"
  | "ended"
  | "preferences"
  | "default-spread"
  | "images"
  | "nominated";

/** Those that a case can be built around; the more often one is listed, the more cases are. */
const LEADING: readonly [Theme, ...Theme[]] = [
  "resources",
  "resources",
  "pod-shapes",
  "pod-shapes",
  "resize",
  "slots",
  "taints",
  "cordon",
  "node-affinity",
  "node-affinity",
  "host-ports",
  "spread",
  "spread",
  "spread",
  "spread",
  "spread",
  "spread",
  "spread",
  "affinity",
  "affinity",
  "anti-affinity",
  "existing-anti-affinity",
  "bound-volumes",
  "volume-zones",
  "delayed-volumes",
  "delayed-volumes",
  "delayed-volumes",
  "delayed-volumes",
  "delayed-volumes",
  "storage-capacity",
  "storage-capacity",
  "storage-capacity",
  "volume-limits",
  "single-pod-claims",
  "disks",
  "disks",
  "disks",
  "preferences",
  "default-spread",
  "claim-trouble",
];

/** What a pod can be rejected for that other pods are to blame for. */
const PREEMPTIBLE: readonly [Theme, ...Theme[]] = [
  "resources",
  "resources",
  "resources",
  "pod-shapes",
  "slots",
  "host-ports",
  "anti-affinity",
  "existing-anti-affinity",
  "spread",
  "single-pod-claims",
];

/** What goes well with the others. */
const SIDE: readonly Theme[] = [
  "terminating",
  "ended",
  "taints",
  "node-affinity",
  "resources",
  "preferences",
  "default-spread",
  "images",
];

/** What a case is drawn by. */
export interface CaseKind {
  readonly seed: number;
  readonly mode: CaseMode;
  /** Whether room may be being made for pods that are not there yet. */
  readonly withNominations: boolean;
}

/** The themes of one case. Neighbouring seeds lead through all of them in turn. */
export function drawThemes(random: SeededRandom, { seed, mode, withNominations }: CaseKind): ReadonlySet<Theme> {
  const leading = mode === "preempt" ? PREEMPTIBLE : LEADING;
  const themes = new Set<Theme>([leading[Math.floor(seed / 2) % leading.length] ?? leading[0]]);
  if (random.chance(0.25)) themes.add(random.pick(LEADING));
  for (const theme of random.some(SIDE, 0.2)) themes.add(theme);
  // Which nodes count for a spread depends on both.
  if (themes.has("spread"))
    for (const theme of random.some(["taints", "node-affinity"] as const, 0.6)) themes.add(theme);
  if (withNominations && random.chance(0.2)) {
    themes.add("nominated");
    // The other way round than most rules: a pod is wanted there that is not there yet.
    if (random.chance(0.3)) themes.add("affinity");
  }
  return themes;
}
