import type { Volume } from "../../../model/snapshot/pod.ts";
import type { ClusterState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";
import { namedClaims } from "../storage-index.ts";
import { type Filter, type Refusal, unschedulable } from "./filter.ts";

/** Disks that can be mounted once on a node, and claims that one pod in the cluster can have. */
export const volumeRestrictions: Filter = {
  name: "VolumeRestrictions",
  prepare(pod, state) {
    const disks = pod.pod.spec.volumes.filter(isDisk);
    const single = singlePodClaims(pod, state);
    if (!(single instanceof Set)) return single;
    const singleNames = new Set([...single].map(nameOf));
    let users = [...single].filter((key) => state.storage.isUsed(key)).length;
    if (disks.length === 0 && users === 0) return undefined;
    return {
      check({ pods }) {
        for (const other of pods)
          if (disks.some((disk) => other.pod.spec.volumes.some((present) => conflict(disk, present))))
            return unschedulable("node(s) had no available disk");
        return users > 0
          ? unschedulable(
              "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
            )
          : undefined;
      },
      // The scheduler goes by the claim's name alone here: a pod of another namespace counts as well.
      change(other, _node, times) {
        users += times * namedClaims(other.pod).filter((key) => singleNames.has(nameOf(key))).length;
      },
    };
  },
};

/** Keys of the pod's claims that no second pod may have. */
function singlePodClaims({ pod }: PlacedPod, { storage }: ClusterState): Set<string> | Refusal {
  const single = new Set<string>();
  for (const key of namedClaims(pod)) {
    const claim = storage.claims.get(key);
    if (claim === undefined) return claimMissing(key);
    if (claim.spec.accessModes.includes("ReadWriteOncePod")) single.add(key);
  }
  return single;
}

function claimMissing(key: string): Refusal {
  return { refusal: `persistentvolumeclaim "${nameOf(key)}" not found` };
}

/** @param key `<namespace>/<name>` */
function nameOf(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}

function isDisk(volume: Volume): boolean {
  return (
    volume.gcePersistentDisk !== undefined ||
    volume.awsElasticBlockStore !== undefined ||
    volume.iscsi !== undefined ||
    volume.rbd !== undefined
  );
}

/** Two mounts of one disk go together only when both are read-only; of EBS volumes, never. */
function conflict(one: Volume, other: Volume): boolean {
  const { gcePersistentDisk: gce, awsElasticBlockStore: ebs, iscsi, rbd } = one;
  if (gce !== undefined && gce.pdName === other.gcePersistentDisk?.pdName)
    if (!(gce.readOnly && other.gcePersistentDisk.readOnly)) return true;
  if (ebs !== undefined && ebs.volumeID === other.awsElasticBlockStore?.volumeID) return true;
  if (iscsi !== undefined && iscsi.iqn === other.iscsi?.iqn && !(iscsi.readOnly && other.iscsi.readOnly)) return true;
  if (rbd === undefined || other.rbd === undefined) return false;
  const isSame = rbd.pool === other.rbd.pool && rbd.image === other.rbd.image;
  const shareMonitor = rbd.monitors.some((monitor) => other.rbd?.monitors.includes(monitor));
  return isSame && shareMonitor && !(rbd.readOnly && other.rbd.readOnly);
}
