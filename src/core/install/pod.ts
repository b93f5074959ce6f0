import { type Component, componentName, type InstalledObject, podLabels } from "./installed-object.ts";

/** User of the image; see Dockerfile. */
const USER = 65_532;

/** Where each process keeps its state. */
export const STATE_DIRECTORY = "/var/lib/tandem";

/** Where the libraries look for a pod's credentials. */
const CREDENTIALS_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Lifetime that is asked for of a pod's token; the kubelet renews it before. */
const TOKEN_SECONDS = 3_607;

/** What the Pod Security Standard `restricted` asks of a container, and a root file system that nobody writes. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** The state, for every container. */
export const STATE_MOUNT = { name: "state", mountPath: STATE_DIRECTORY } as const;

/** The pod's credentials, for containers that ask an API server. */
export const CREDENTIALS_MOUNT = { name: "credentials", mountPath: CREDENTIALS_DIRECTORY, readOnly: true } as const;

/** What the Deployments differ in. */
export interface Workload {
  readonly component: Component;
  readonly namespace: string;
  readonly replicas: unknown;
  /** While a new version is rolled out, in pods. */
  readonly maxUnavailable: number;
  readonly graceSeconds: number;
  readonly initContainers?: readonly unknown[];
  readonly containers: readonly unknown[];
}

/** A Deployment of one component, spread over zones and nodes as far as there are any. */
export function deployment(workload: Workload): InstalledObject {
  const { component, namespace, initContainers } = workload;
  const labels = podLabels(component);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: componentName(component), namespace },
    spec: {
      replicas: workload.replicas,
      revisionHistoryLimit: 5,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: workload.maxUnavailable, maxSurge: 1 } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: componentName(component),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: workload.graceSeconds,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER,
            runAsGroup: USER,
            fsGroup: USER,
            seccompProfile: { type: "RuntimeDefault" },
          },
          topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
            maxSkew: 1,
            topologyKey,
            // Two on one node are better than one.
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
            matchLabelKeys: ["pod-template-hash"],
          })),
          ...(initContainers === undefined ? {} : { initContainers }),
          containers: workload.containers,
          volumes: [{ name: STATE_MOUNT.name, emptyDir: {} }, credentials()],
        },
      },
    },
  };
}

/** What Kubernetes would mount into every container by itself. */
function credentials(): Readonly<Record<string, unknown>> {
  return {
    name: CREDENTIALS_MOUNT.name,
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: TOKEN_SECONDS } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
      ],
    },
  };
}

/** At most one pod of a component is taken away by people who empty nodes, and one that is broken at any time. */
export function disruptionBudget(component: Component, namespace: string): InstalledObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: componentName(component), namespace },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: podLabels(component) },
    },
  };
}
