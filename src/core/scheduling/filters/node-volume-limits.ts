import type { PersistentVolumeClaim } from "../../../model/snapshot/storage.ts";
import type { NodeState } from "../cluster-state.ts";
import type { PlacedPod } from "../placed-pod.ts";
import { claimNameOf, classOf, type StorageIndex } from "../storage-index.ts";
import { type Filter, unschedulable } from "./filter.ts";

/** A CSI driver attaches a limited number of volumes to a node; each volume counts once, however many pods use it. */
export const nodeVolumeLimits: Filter = {
  name: "NodeVolumeLimits",
  prepare(pod, { storage }) {
    const wanted = attachedBy(pod, storage);
    if (wanted.size === 0) return undefined;
    return {
      check(node) {
        const limits = limitsOf(node, storage);
        if (limits.size === 0) return undefined;
        const attached = attachedTo(node, storage);
        for (const [driver, limit] of limits) {
          const more = [...wanted].filter(([volume, by]) => by === driver && !attached.byPods.has(volume)).length;
          if (more > 0 && more + attached.count(driver) > limit)
            return unschedulable("node(s) exceed max volume count");
        }
        return undefined;
      },
    };
  },
};

/** The driver of each volume. A volume is known by its driver and its handle there. */
type DriverByVolume = ReadonlyMap<string, string>;

function limitsOf({ name }: NodeState, storage: StorageIndex): ReadonlyMap<string, number> {
  const drivers = storage.csiNode(name)?.spec.drivers ?? [];
  return new Map(
    drivers.flatMap(({ name: driver, allocatable }) =>
      allocatable?.count === undefined ? [] : [[driver, allocatable.count] as const],
    ),
  );
}

/** What the node's pods use, and what is attached to it for other reasons: a pod that has just gone, say. */
function attachedTo(node: NodeState, storage: StorageIndex) {
  const byPods = new Map<string, string>();
  for (const pod of node.pods) for (const [volume, driver] of attachedBy(pod, storage)) byPods.set(volume, driver);
  const others = new Map<string, string>();
  for (const { spec } of storage.attachmentsOf(node.name)) {
    const csi = storage.volumes.get(spec.source.persistentVolumeName ?? "")?.spec.csi;
    const volume = csi === undefined ? undefined : `${spec.attacher}/${csi.volumeHandle}`;
    if (volume !== undefined && !byPods.has(volume)) others.set(volume, spec.attacher);
  }
  const all = [...byPods.values(), ...others.values()];
  return { byPods, count: (driver: string) => all.filter((one) => one === driver).length };
}

function attachedBy({ pod, namespace }: PlacedPod, storage: StorageIndex): DriverByVolume {
  const volumes = new Map<string, string>();
  for (const volume of pod.spec.volumes) {
    const claim = storage.claims.get(`${namespace}/${claimNameOf(pod, volume) ?? ""}`);
    const csi = claim === undefined ? undefined : csiVolumeOf(claim, storage);
    if (csi !== undefined) volumes.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
  }
  return volumes;
}

/** A claim without a volume counts as one of its class's driver. */
function csiVolumeOf(claim: PersistentVolumeClaim, storage: StorageIndex) {
  const volume = storage.volumes.get(claim.spec.volumeName);
  if (volume !== undefined) return volume.spec.csi;
  const driver = storage.classes.get(classOf(claim))?.provisioner;
  const { namespace, name } = claim.metadata;
  return driver === undefined ? undefined : { driver, volumeHandle: `unbound ${namespace}/${name}` };
}
