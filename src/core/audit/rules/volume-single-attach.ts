import type { AuditRule } from "../rule.ts";
import { usedClaims } from "../claims.ts";
import { isReplicated, nameOf } from "../workload.ts";

/** A Deployment whose pods share a claim that only one node, or one pod, can use. */
export const volumeSingleAttach: AuditRule = {
  id: "volume-single-attach",
  title: "A volume that one node can use",
  severity: "high",
  breaks:
    "After the loss of its node the replacement waits for the volume, for good if nobody removes the lost pod; a roll-out that starts a new pod first hangs.",
  check: ({ storage, workloads }) =>
    workloads
      .filter((workload) => isReplicated(workload) && workload.kind !== "StatefulSet")
      .flatMap((workload) =>
        usedClaims(workload, storage).flatMap(({ claim }) => {
          const { accessModes } = claim.spec;
          const single = accessModes.every((mode) => mode === "ReadWriteOnce" || mode === "ReadWriteOncePod");
          if (accessModes.length === 0 || !single) return [];
          const fields = [
            { of: { kind: "PersistentVolumeClaim", object: claim }, path: ["spec", "accessModes"], value: accessModes },
            workload.replicas.field,
          ];
          return [
            {
              of: workload,
              message: `pods of ${nameOf(workload)} need the volume of claim ${claim.metadata.name}, which is ${accessModes.join(", ")}`,
              fields,
            },
          ];
        }),
      ),
  page: {
    text: `A dead node keeps a volume for as long as its Terminating pod is there: until somebody deletes it by force, deletes the Node,
or taints it out-of-service. StatefulSets have a claim for each pod and are not reported here.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
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
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
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
spec: {accessModes: [ReadWriteMany], volumeName: pv-1}
status: {phase: Bound}
`,
  },
};
