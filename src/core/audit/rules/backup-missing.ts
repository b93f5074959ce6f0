import { parseTimestamp } from "../../../model/timestamp.ts";
import type { AuditRule } from "../rule.ts";
import type { AuditView } from "../audit-view.ts";
import { usedClaims } from "../claims.ts";
import { nameOf, type Workload } from "../workload.ts";

/** Data without a backup of the last two days. */
export const backupMissing: AuditRule = {
  id: "backup-missing",
  title: "No recent backup that could be restored",
  severity: "high",
  breaks: "Data that is lost or destroyed stays so: there is nothing recent to restore.",
  check: (view) => {
    if (!view.isLive) return [];
    const keepers = view.workloads.filter((workload) => keepsData(workload, view));
    return [...Map.groupBy(keepers, ({ namespace }) => namespace)].flatMap(([namespace, [first]]) => {
      if (first === undefined) return [];
      const done = view.snapshot.backups.filter(({ spec, status }) => {
        const covers =
          spec.includedNamespaces.length === 0 ||
          spec.includedNamespaces.some((one) => one === "*" || one === namespace);
        const isGone = status.expiration !== undefined && status.expiration < view.now;
        return covers && !spec.excludedNamespaces.includes(namespace) && status.phase === "Completed" && !isGone;
      });
      const newest = done
        .map(({ status }) => status.completionTimestamp ?? "")
        .toSorted()
        .at(-1);
      if (newest !== undefined && dayOf(newest) >= dayOf(view.now) - MOST_DAYS) return [];
      return [
        {
          of: first,
          message:
            newest === undefined
              ? `no completed backup covers namespace ${namespace}, where ${nameOf(first)} keeps data`
              : `the newest backup of namespace ${namespace}, where ${nameOf(first)} keeps data, is of ${newest.slice(0, 10)}`,
          fields: [{ of: first, path: ["metadata", "namespace"], value: namespace }],
        },
      ];
    });
  },
  page: {
    text: `Only in a live snapshot: Velero Backups that are Completed, not expired and cover the namespace of a workload with claims.
Partially failed ones do not count. Other backup tools are not seen: exempt it, with their name as the reason.`,
    bad: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:17"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}, ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, image: web}]}
status: {phase: Running}
---
apiVersion: velero.io/v1
kind: Backup
metadata: {name: nightly-1, namespace: velero}
spec: {includedNamespaces: ["*"]}
status: {phase: PartiallyFailed, completionTimestamp: "2026-11-30T01:00:00Z"}
`,
    good: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:17"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: v1
kind: Node
metadata: {name: a1, labels: {kubernetes.io/hostname: a1, topology.kubernetes.io/zone: a}}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}, ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}
spec: {nodeName: a1, containers: [{name: web, image: web}]}
status: {phase: Running}
---
apiVersion: velero.io/v1
kind: Backup
metadata: {name: nightly-1, namespace: velero}
spec: {includedNamespaces: ["*"]}
status: {phase: Completed, completionTimestamp: "2026-11-30T01:00:00Z"}
`,
  },
};

/** How old the newest backup may be, in days. */
const MOST_DAYS = 2;

function keepsData(workload: Workload, { storage }: AuditView): boolean {
  const { object } = workload;
  const templates =
    "spec" in object ? (object.spec as { volumeClaimTemplates?: readonly unknown[] }).volumeClaimTemplates : [];
  return (templates ?? []).length > 0 || usedClaims(workload, storage).length > 0;
}

/** Days since 1970 of a date-time, as far as its own date says. */
function dayOf(time: string): number {
  return Math.floor((parseTimestamp(time.slice(0, 10)) ?? 0) / 86_400_000);
}
