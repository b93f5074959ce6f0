import type { SeededRandom } from "./seeded-random.ts";
import type { Theme } from "./themes.ts";

/** What pods are made in. */
export interface PodSetting {
  readonly random: SeededRandom;
  readonly themes: ReadonlySet<Theme>;
  /** Volumes that a pod of this namespace may have; each call may give others. */
  readonly drawVolumes: (namespace: string) => readonly unknown[];
}
