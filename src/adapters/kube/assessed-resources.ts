/**
 * The resources of an API server that decide what runs where, and what of their objects is taken out of the cluster.
 * @module
 */
import { KUBE_RESOURCES, type KubeObject, type KubeResource } from "./kube-resource.ts";

/** A resource that is read for an assessment. */
export interface AssessedResource extends KubeResource {
  /** Only its objects' metadata leave the API server: what is in them is nobody's business. */
  readonly metadataOnly?: true;
}

const group =
  (name: string, version: string) =>
  (kind: string, plural: string, namespaced = true): AssessedResource => ({
    group: name,
    version,
    kind,
    plural,
    namespaced,
  });

const core = group("", "v1");
const apps = group("apps", "v1");
const batch = group("batch", "v1");
const storage = group("storage.k8s.io", "v1");
const admission = group("admissionregistration.k8s.io", "v1");

/** Nodes and pods come first: without them nothing can be assessed. */
export const ASSESSED_RESOURCES: readonly AssessedResource[] = [
  core("Node", "nodes", false),
  KUBE_RESOURCES.pods,
  KUBE_RESOURCES.namespaces,
  KUBE_RESOURCES.services,
  core("ReplicationController", "replicationcontrollers"),
  core("PersistentVolume", "persistentvolumes", false),
  core("PersistentVolumeClaim", "persistentvolumeclaims"),
  core("ResourceQuota", "resourcequotas"),
  core("LimitRange", "limitranges"),
  { ...core("ConfigMap", "configmaps"), metadataOnly: true },
  { ...KUBE_RESOURCES.secrets, metadataOnly: true },
  apps("Deployment", "deployments"),
  apps("ReplicaSet", "replicasets"),
  apps("StatefulSet", "statefulsets"),
  apps("DaemonSet", "daemonsets"),
  batch("Job", "jobs"),
  batch("CronJob", "cronjobs"),
  group("policy", "v1")("PodDisruptionBudget", "poddisruptionbudgets"),
  group("autoscaling", "v2")("HorizontalPodAutoscaler", "horizontalpodautoscalers"),
  group("scheduling.k8s.io", "v1")("PriorityClass", "priorityclasses", false),
  group("node.k8s.io", "v1")("RuntimeClass", "runtimeclasses", false),
  storage("StorageClass", "storageclasses", false),
  storage("CSIDriver", "csidrivers", false),
  storage("CSINode", "csinodes", false),
  storage("CSIStorageCapacity", "csistoragecapacities"),
  storage("VolumeAttachment", "volumeattachments", false),
  KUBE_RESOURCES.endpointSlices,
  KUBE_RESOURCES.leases,
  group("networking.k8s.io", "v1")("Ingress", "ingresses"),
  admission("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false),
  admission("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false),
  // Where they are installed.
  group("keda.sh", "v1alpha1")("ScaledObject", "scaledobjects"),
  group("velero.io", "v1")("Backup", "backups"),
  group("velero.io", "v1")("Schedule", "schedules"),
  KUBE_RESOURCES.sites,
  KUBE_RESOURCES.failoverPolicies,
];

/** Holds an object as it was applied, the values of a Secret included. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What of an object may leave the cluster: no values of Secrets and ConfigMaps, of environment variables, and no field managers. */
export function withoutValues(object: KubeObject, { metadataOnly }: AssessedResource): KubeObject {
  const { managedFields: _managers, annotations, ...metadata } = object.metadata;
  const { [LAST_APPLIED]: _applied, ...kept } = annotations ?? {};
  const bare = { ...metadata, ...(annotations === undefined ? {} : { annotations: kept }) };
  if (metadataOnly === true) return { apiVersion: object.apiVersion, kind: object.kind, metadata: bare };
  return { ...(withoutEnvironmentValues(object) as KubeObject), metadata: bare };
}

/** Environment variables are lists of named values wherever a pod or a template has them. */
function withoutEnvironmentValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEnvironmentValues);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      name === "env" && Array.isArray(field) ? field.map(withoutValue) : withoutEnvironmentValues(field),
    ]),
  );
}

function withoutValue(variable: unknown): unknown {
  if (typeof variable !== "object" || variable === null) return variable;
  return Object.fromEntries(Object.entries(variable).filter(([name]) => name !== "value"));
}
