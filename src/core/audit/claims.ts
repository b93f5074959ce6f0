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

/** Claims by `<namespace>/<name>`, volumes by name. */
export interface StorageByName {
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly volumes: ReadonlyMap<string, PersistentVolume>;
}

/** Indexes claims and volumes. */
export function storageByName({ persistentVolumeClaims, persistentVolumes }: ClusterSnapshot): StorageByName {
  return {
    claims: new Map(persistentVolumeClaims.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one])),
    volumes: new Map(persistentVolumes.map((one) => [one.metadata.name, one])),
  };
}

/** Claims of the template, and of the pods that are there. */
export function usedClaims(workload: Workload, { claims, volumes }: StorageByName): readonly UsedClaim[] {
  const names = new Set([podOf(workload), ...workload.pods].flatMap(namedClaims));
  return [...names].flatMap((name) => {
    const claim = claims.get(name);
    return claim === undefined ? [] : [{ claim, volume: volumes.get(claim.spec.volumeName) }];
  });
}
