import type { AuditRule } from "../rule.ts";
import { isReplicated, nameOf, podField, runningContainers } from "../workload.ts";

/** A datastore that keeps its data in an emptyDir. */
export const datastoreEphemeral: AuditRule = {
  id: "datastore-ephemeral",
  title: "A datastore without a volume of its own",
  severity: "high",
  breaks: "All of its data is gone when its pod moves or its node is lost.",
  check: ({ workloads }) =>
    workloads.filter(isReplicated).flatMap((workload) =>
      runningContainers(workload).flatMap(({ container }) => {
        const directories = DATA_DIRECTORIES.find(({ image }) => image.test(container.image))?.directories;
        if (directories === undefined) return [];
        return workload.template.spec.volumes.flatMap(({ name, emptyDir }, index) => {
          const mounts = container.volumeMounts.filter(
            (mount) => mount.name === name && directories.some((directory) => mount.mountPath.startsWith(directory)),
          );
          if (emptyDir === undefined || mounts.length === 0) return [];
          return [
            {
              of: workload,
              message: `${container.name} of ${nameOf(workload)} keeps ${mounts.map(({ mountPath }) => mountPath).join(", ")} in an emptyDir`,
              fields: [podField(workload, ["volumes", index, "emptyDir"], emptyDir)],
            },
          ];
        });
      }),
    ),
  page: {
    text: `Datastores are known by their image, and their data by the directory where the image keeps it; an emptyDir anywhere else, for
sockets or temporary files, is not reported.`,
    bad: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: db, image: "postgres:17", volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]}]
      volumes: [{name: data, emptyDir: {}}]
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
      containers: [{name: db, image: "postgres:17", volumeMounts: [{name: run, mountPath: /var/run/postgresql}, {name: data, mountPath: /var/lib/postgresql/data}]}]
      volumes: [{name: run, emptyDir: {}}, {name: data, persistentVolumeClaim: {claimName: db}}]
`,
  },
};

/** Where images of datastores keep their data. */
const DATA_DIRECTORIES: readonly { readonly image: RegExp; readonly directories: readonly string[] }[] = [
  {
    image: /(^|\/)(postgres|postgresql|timescaledb)(:|@|$)/,
    directories: ["/var/lib/postgresql", "/bitnami/postgresql"],
  },
  { image: /(^|\/)(mysql|mariadb|percona)(:|@|$)/, directories: ["/var/lib/mysql", "/bitnami/m"] },
  { image: /(^|\/)(mongo|mongodb)(:|@|$)/, directories: ["/data/db", "/bitnami/mongodb"] },
  { image: /(^|\/)(redis|valkey)(:|@|$)/, directories: ["/data", "/bitnami/redis"] },
  {
    image: /(^|\/)(elasticsearch|opensearch)(:|@|$)/,
    directories: ["/usr/share/elasticsearch/data", "/usr/share/opensearch/data"],
  },
  { image: /(^|\/)(rabbitmq)(:|@|$)/, directories: ["/var/lib/rabbitmq"] },
  { image: /(^|\/)(cassandra)(:|@|$)/, directories: ["/var/lib/cassandra"] },
  { image: /(^|\/)(kafka)(:|@|$)/, directories: ["/var/lib/kafka", "/bitnami/kafka"] },
  { image: /(^|\/)(etcd)(:|@|$)/, directories: ["/var/lib/etcd", "/etcd-data", "/bitnami/etcd"] },
];
