/**
 * What of a case can be put to a scheduler that works without a controller manager.
 * @module
 */
import type { Manifest, SchedulerCase } from "../scheduler-case.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/**
 * The case without the pods that the scheduler could not finish placing: it waits until their claims are bound, and nobody
 * here binds any. They can be asked about where nothing is placed.
 */
export function askableCase(one: SchedulerCase, how: { readonly ranks: boolean }): SchedulerCase {
  const places = one.mode === "place" || how.ranks;
  if (!places) return one;
  const unbound = new Set(
    one.objects
      .filter(
        ({ kind, metadata }) => kind === "PersistentVolumeClaim" && !(BIND_COMPLETED in (metadata.annotations ?? {})),
      )
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return { ...one, pending: one.pending.filter((pod) => !claimsOf(pod).some((claim) => unbound.has(claim))) };
}

interface VolumesOfPod {
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly ephemeral?: object;
  }[];
}

function claimsOf({ metadata, spec }: Manifest): readonly string[] {
  return ((spec as VolumesOfPod | undefined)?.volumes ?? []).flatMap(
    ({ name, persistentVolumeClaim: claim, ephemeral }) => {
      if (claim !== undefined) return [`${metadata.namespace}/${claim.claimName}`];
      return ephemeral === undefined ? [] : [`${metadata.namespace}/${metadata.name}-${name}`];
    },
  );
}
