import type { AuditRule } from "../rule.ts";
import { usedClaims } from "../claims.ts";
import { isReplicated, nameOf, podField } from "../workload.ts";

/** A workload that keeps data on a node itself. */
export const volumeOnNode: AuditRule = {
  id: "volume-on-node",
  title: "Data on one node",
  severity: "medium",
  breaks: "The data is lost, or out of reach, together with its node.",
  check: ({ storage, workloads }) =>
    workloads.filter(isReplicated).flatMap((workload) => [
      ...workload.template.spec.volumes.flatMap(({ name, hostPath }, index) =>
        hostPath === undefined || isOfSystem(hostPath.path)
          ? []
          : [
              {
                of: workload,
                message: `volume ${name} of ${nameOf(workload)} is a directory of its node`,
                fields: [podField(workload, ["volumes", index, "hostPath"], hostPath)],
              },
            ],
      ),
      ...usedClaims(workload, storage).flatMap(({ claim, volume }) => {
        if (volume === undefined || (volume.spec.local ?? volume.spec.hostPath) === undefined) return [];
        const path = ["spec", volume.spec.local === undefined ? "hostPath" : "local"];
        return [
          {
            of: workload,
            message: `claim ${claim.metadata.name} of ${nameOf(workload)} is a disk of one node`,
            fields: [{ of: { kind: "PersistentVolume", object: volume }, path, value: volume.metadata.name }],
          },
        ];
      }),
    ]),
  page: {
    text: `\`hostPath\` and local volumes. DaemonSets are not asked, and directories of the system (\`/proc\`, \`/sys\`, \`/dev\`, \`/etc\`,
\`/run\`, \`/var/run\`, \`/var/log\`, \`/lib/modules\`, \`/\`) are read rather than kept.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      volumes: [{name: files, hostPath: {path: /srv/files}}]
`,
    good: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      volumes: [{name: proc, hostPath: {path: /proc}}]
`,
  },
};

const SYSTEM = ["/proc", "/sys", "/dev", "/etc", "/run", "/var/run", "/var/log", "/lib/modules"];

function isOfSystem(path: string): boolean {
  return path === "/" || SYSTEM.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
