import type { PersistentVolume } from "../../../model/snapshot/storage.ts";
import type { NodeState } from "../cluster-state.ts";
import { classOf, namedClaims, type StorageIndex } from "../storage-index.ts";
import { type Filter, type Refusal, unresolvable } from "./filter.ts";

const ZONE = "topology.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";

/** The label that took the place of each older one. */
const SUCCESSOR: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": ZONE,
  "failure-domain.beta.kubernetes.io/region": REGION,
};

const TOPOLOGY_LABELS = [...Object.keys(SUCCESSOR), ZONE, REGION];

/** Several zones of one volume are written in one label. */
const ZONE_SEPARATOR = "__";

/** Volumes whose labels name a zone or region can be used there only. */
export const volumeZone: Filter = {
  name: "VolumeZone",
  prepare({ pod }, { storage }) {
    const demands: Demand[] = [];
    for (const key of namedClaims(pod)) {
      const volume = boundVolume(key, storage);
      if (volume === undefined) continue;
      if ("refusal" in volume) return volume;
      demands.push(...demandsOf(volume));
    }
    if (demands.length === 0) return undefined;
    return {
      check(node) {
        if (!TOPOLOGY_LABELS.some((label) => node.labels[label] !== undefined)) return undefined;
        return demands.every((demand) => isMet(demand, node))
          ? undefined
          : unresolvable("node(s) had no available volume zone");
      },
    };
  },
};

interface Demand {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

function demandsOf({ metadata }: PersistentVolume): readonly Demand[] {
  return TOPOLOGY_LABELS.flatMap((label) => {
    const value = metadata.labels[label];
    if (value === undefined) return [];
    const values = value.split(ZONE_SEPARATOR).map((zone) => zone.trim());
    // A list with a gap is no list.
    return values.includes("") ? [] : [{ label, values: new Set(values) }];
  });
}

function isMet({ label, values }: Demand, { labels }: NodeState): boolean {
  const value = labels[label] ?? labels[SUCCESSOR[label] ?? label];
  return value !== undefined && values.has(value);
}

/** Undefined where the volume is chosen with the node. */
function boundVolume(claimKey: string, storage: StorageIndex): PersistentVolume | Refusal | undefined {
  const claim = storage.claims.get(claimKey);
  if (claim === undefined)
    return { refusal: `persistentvolumeclaim "${claimKey.slice(claimKey.indexOf("/") + 1)}" not found` };
  const { volumeName } = claim.spec;
  if (volumeName !== "")
    return storage.volumes.get(volumeName) ?? { refusal: `persistentvolume "${volumeName}" not found` };
  const className = classOf(claim);
  if (className === "") return { refusal: "PersistentVolumeClaim had no pv name and storageClass name" };
  const storageClass = storage.classes.get(className);
  if (storageClass === undefined) return { refusal: `storageclass.storage.k8s.io "${className}" not found` };
  return storageClass.volumeBindingMode === "WaitForFirstConsumer"
    ? undefined
    : { refusal: "PersistentVolume had no name" };
}
