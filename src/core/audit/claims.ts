/**
 * Claims that a workload's pods use.
 * @module
 */
import type { PersistentVolume, PersistentVolumeClaim } from "../../model/snapshot/storage.ts";
import { namedClaims, type StorageIndex } from "../scheduling/storage-index.ts";
import { podOf, type Workload } from "./workload.ts";

/** A claim with the volume that it is bound to, where both are known. */
export interface UsedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume | undefined;
}

/** Claims of the template, and of the pods that are there. */
export function usedClaims(workload: Workload, { claims, volumes }: StorageIndex): readonly UsedClaim[] {
  const names = new Set([podOf(workload), ...workload.pods].flatMap(namedClaims));
  return [...names].flatMap((name) => {
    const claim = claims.get(name);
    return claim === undefined ? [] : [{ claim, volume: volumes.get(claim.spec.volumeName) }];
  });
}
