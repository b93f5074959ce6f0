/**
 * PersistentVolume, PersistentVolumeClaim, StorageClass, CSIDriver: defaults. Nothing binds or protects them here.
 * @module
 */
import { type JsonObject, objectAt } from "../api/json.ts";
import type { KindRules } from "./resource-type.ts";

/** Rules of PersistentVolumes and PersistentVolumeClaims: both are Pending until somebody says otherwise. */
export const volumeRules: KindRules = {
  fill: (draft) => {
    const ofKind = draft["kind"] === "PersistentVolume" ? { persistentVolumeReclaimPolicy: "Retain" } : {};
    draft["spec"] = { volumeMode: "Filesystem", ...ofKind, ...objectAt(draft, "spec") };
  },
  decide: (draft, previous) => {
    if (previous === undefined) draft["status"] = { phase: "Pending" };
  },
};

/** Rules of StorageClasses. */
export const storageClassRules: KindRules = {
  fill: (draft) => fillIn(draft, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
};

/** Rules of CSIDrivers. */
export const csiDriverRules: KindRules = {
  fill: (draft) => {
    const spec: JsonObject = { ...objectAt(draft, "spec") };
    fillIn(spec, {
      attachRequired: true,
      fsGroupPolicy: "ReadWriteOnceWithFSType",
      podInfoOnMount: false,
      requiresRepublish: false,
      seLinuxMount: false,
      storageCapacity: false,
      volumeLifecycleModes: ["Persistent"],
    });
    draft["spec"] = spec;
  },
};

function fillIn(object: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) object[field] ??= structuredClone(value);
}
