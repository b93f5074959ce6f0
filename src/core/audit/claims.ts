/**
 * Claims that a workload's pods use.
 * @module
 */
import type { ClusterSnapshot } from "../../model/snapshot/cluster-snapshot.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../model/snapshot/storage.ts";
import { namedClaims } from "../scheduling/storage-index.ts";
import { podOf, type Workload } from "./workload.ts";

/** A claim with the volume that it is bound to, where both are known. */
export interface UsedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume | undefined;
}

/** Claims of the template, and of the pods that are there. */
export function usedClaims(workload: Workload, snapshot: ClusterSnapshot): readonly UsedClaim[] {
  const names = new Set([podOf(workload), ...workload.pods].flatMap(namedClaims));
  if (names.size === 0) return [];
  return snapshot.persistentVolumeClaims
    .filter(({ metadata }) => names.has(`${metadata.namespace}/${metadata.name}`))
    .map((claim) => ({
      claim,
      volume: snapshot.persistentVolumes.find(({ metadata }) => metadata.name === claim.spec.volumeName),
    }));
}
