import type { AuditRule } from "../rule.ts";
import { usedClaims } from "../claims.ts";
import { ZONE_LABEL } from "../node-domains.ts";
import { isLongRunning, nameOf } from "../workload.ts";

/** A workload all of whose data is in one zone. */
export const volumeZonePinned: AuditRule = {
  id: "volume-zone-pinned",
  title: "A volume in one zone",
  severity: "medium",
  breaks: "The loss of its zone stops the pod for as long as the zone is lost: no other zone can use the volume.",
  check: ({ storage, workloads }) =>
    workloads.filter(isLongRunning).flatMap((workload) => {
      const pinned = usedClaims(workload, storage).flatMap(({ volume }) => {
        const terms = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
        const zones = terms.flatMap(({ matchExpressions = [] }) =>
          matchExpressions.filter(({ key }) => key === ZONE_LABEL).flatMap(({ values = [] }) => values),
        );
        return volume === undefined || new Set(zones).size !== 1 ? [] : [{ volume, zone: zones[0] ?? "" }];
      });
      const zones = new Set(pinned.map(({ zone }) => zone));
      // A StatefulSet with volumes in several zones is what they are for.
      if (zones.size !== 1) return [];
      return [
        {
          of: workload,
          message: `the data of ${nameOf(workload)} is in zone ${[...zones].join()} alone`,
          fields: pinned.slice(0, 3).map(({ volume, zone }) => ({
            of: { kind: "PersistentVolume", object: volume },
            path: ["spec", "nodeAffinity", "required"],
            value: zone,
          })),
          prove: { workload, domain: "zone" as const },
        },
      ];
    }),
  page: {
    text: `Seen by the node affinity of bound volumes. Volumes of one workload in several zones are not reported.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      volumes: [{name: files, persistentVolumeClaim: {claimName: web}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web, namespace: shop}
spec: {accessModes: [ReadWriteOnce], volumeName: pv-1}
status: {phase: Bound}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec:
  accessModes: [ReadWriteOnce]
  nodeAffinity:
    required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [eu-1a]}]}]}
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      volumes: [{name: files, persistentVolumeClaim: {claimName: web}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web, namespace: shop}
spec: {accessModes: [ReadWriteOnce], volumeName: pv-1}
status: {phase: Bound}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec:
  accessModes: [ReadWriteOnce]
  nodeAffinity:
    required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [eu-1a, eu-1b]}]}]}
`,
  },
};
