/**
 * How long pods take from having a node to being ready: as their workload's pods did, else as is assumed.
 * @module
 */
import type { Pod } from "../../../model/snapshot/pod.ts";
import { parseTimestamp } from "../../../model/timestamp.ts";
import type { PodSeed } from "./pod-seed.ts";

/** How a start-up time is known. */
export interface StartUp {
  readonly ms: number;
  readonly because: "observed" | "assumed";
  /** How many pods it was observed of. */
  readonly pods: number;
}

/** Start-up times by workload: the median of what its pods took, or what is assumed. Added images or a cold cache are not seen. */
export function startUpTimes(seeds: readonly PodSeed[], assumedMs: number): ReadonlyMap<string, StartUp> {
  return new Map(
    [...Map.groupBy(seeds, ({ workload }) => workload)].map(([workload, own]) => {
      const observed = own
        .map(({ form }) => observedMs(form.pod))
        .filter((ms) => ms !== undefined)
        .toSorted((one, other) => one - other);
      const median = observed[observed.length >> 1];
      return [
        workload,
        median === undefined
          ? { ms: assumedMs, because: "assumed" as const, pods: 0 }
          : { ms: median, because: "observed" as const, pods: observed.length },
      ];
    }),
  );
}

/** From PodScheduled, or the start that its node noted, to Ready. */
function observedMs({ status }: Pod): number | undefined {
  const timeOf = (type: string): number | undefined => {
    const condition = status.conditions.find((one) => one.type === type && one.status === "True");
    return parseTimestamp(condition?.lastTransitionTime);
  };
  const started = timeOf("PodScheduled") ?? parseTimestamp(status.startTime);
  const ready = timeOf("Ready");
  return started === undefined || ready === undefined || ready < started ? undefined : ready - started;
}
