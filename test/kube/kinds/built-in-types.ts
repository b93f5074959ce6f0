/**
 * The built-in resources that the double serves.
 * @module
 */
import { builtInSchema } from "../schema/built-in-schemas.ts";
import { definitionRules } from "./custom-resource-definition.ts";
import { endpointSliceRules, endpointsRules } from "./endpoint-slice.ts";
import { bindingRules, eventRules, leaseRules, namespaceRules, secretRules } from "./small-kinds.ts";
import { podRules } from "./pod.ts";
import type { KindRules, ResourceType } from "./resource-type.ts";
import { serviceRules } from "./service.ts";
import type { ServiceAddresses } from "./service-addresses.ts";
import { csiDriverRules, storageClassRules, volumeRules } from "./storage.ts";
import { workloadRules } from "./workload.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

type Special = Partial<Omit<ResourceType, "group" | "kind" | "plural">>;

/** What the kinds' rules depend on. */
export interface KindOptions {
  /** Whether endpoints may have addresses in 127.0.0.0/8. */
  readonly allowLoopback: boolean;
  readonly addresses: ServiceAddresses;
  readonly now: () => number;
}

/** Every built-in resource, in the order of their groups in discovery. */
export function builtInTypes(options: KindOptions): readonly ResourceType[] {
  const cluster = { namespaced: false };
  const slices = endpointSliceRules(options);
  const workload: Special = { rules: workloadRules, hasGeneration: true, categories: ["all"] };
  const role: Special = { names: "path-segment" };
  return [
    type("", "ConfigMap", "configmaps", { shortNames: ["cm"] }),
    type("", "Endpoints", "endpoints", {
      singular: "endpoints",
      listKind: "EndpointsList",
      shortNames: ["ep"],
      createOnUpdate: true,
      rules: endpointsRules(options),
    }),
    type("", "Event", "events", {
      shortNames: ["ev"],
      selectable: EVENT_FIELDS,
      rules: eventRules,
      createOnUpdate: true,
    }),
    type("", "Namespace", "namespaces", {
      ...cluster,
      names: "label",
      shortNames: ["ns"],
      verbs: VERBS.filter((verb) => verb !== "deletecollection"),
      selectable: ["status.phase"],
      rules: namespaceRules,
      answersDeleted: true,
      ...withStatus("", "Namespace"),
    }),
    type("", "Node", "nodes", {
      ...cluster,
      shortNames: ["no"],
      selectable: ["spec.unschedulable"],
      keepsStatus: true,
      ...withStatus("", "Node"),
    }),
    type("", "PersistentVolumeClaim", "persistentvolumeclaims", {
      shortNames: ["pvc"],
      rules: volumeRules,
      answersDeleted: true,
      ...withStatus("", "PersistentVolumeClaim"),
    }),
    type("", "PersistentVolume", "persistentvolumes", {
      ...cluster,
      shortNames: ["pv"],
      rules: volumeRules,
      answersDeleted: true,
      ...withStatus("", "PersistentVolume"),
    }),
    type("", "Pod", "pods", {
      shortNames: ["po"],
      categories: ["all"],
      selectable: POD_FIELDS,
      rules: podRules,
      hasGeneration: true,
      answersDeleted: true,
      ...withStatus("", "Pod"),
    }),
    type("", "ReplicationController", "replicationcontrollers", {
      shortNames: ["rc"],
      categories: ["all"],
      hasGeneration: true,
      ...withStatus("", "ReplicationController"),
    }),
    type("", "Secret", "secrets", { selectable: ["type"], rules: secretRules }),
    type("", "Service", "services", {
      names: "label-1035",
      shortNames: ["svc"],
      categories: ["all"],
      selectable: ["spec.clusterIP", "spec.type"],
      rules: serviceRules(options.addresses),
      answersDeleted: true,
      ...withStatus("", "Service"),
    }),
    type("", "ServiceAccount", "serviceaccounts", {
      shortNames: ["sa"],
      unconditionalUpdate: false,
      answersDeleted: true,
    }),
    type("apps", "DaemonSet", "daemonsets", {
      ...workload,
      shortNames: ["ds"],
      ...withStatus("apps", "DaemonSet"),
    }),
    type("apps", "Deployment", "deployments", {
      ...workload,
      shortNames: ["deploy"],
      ...withStatus("apps", "Deployment"),
    }),
    type("apps", "ReplicaSet", "replicasets", {
      ...workload,
      shortNames: ["rs"],
      ...withStatus("apps", "ReplicaSet"),
    }),
    type("apps", "StatefulSet", "statefulsets", {
      ...workload,
      shortNames: ["sts"],
      ...withStatus("apps", "StatefulSet"),
    }),
    type("networking.k8s.io", "NetworkPolicy", "networkpolicies", { shortNames: ["netpol"], hasGeneration: true }),
    type("policy", "PodDisruptionBudget", "poddisruptionbudgets", {
      shortNames: ["pdb"],
      hasGeneration: true,
      unconditionalUpdate: false,
      ...withStatus("policy", "PodDisruptionBudget"),
    }),
    type("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", {
      ...cluster,
      ...role,
      rules: bindingRules,
    }),
    type("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", { ...cluster, ...role }),
    type("rbac.authorization.k8s.io", "RoleBinding", "rolebindings", { ...role, rules: bindingRules }),
    type("rbac.authorization.k8s.io", "Role", "roles", role),
    type("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", {
      ...cluster,
      hasGeneration: true,
      categories: ["api-extensions"],
      ...withStatus("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    }),
    type("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", {
      ...cluster,
      hasGeneration: true,
      categories: ["api-extensions"],
    }),
    type("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", {
      ...cluster,
      shortNames: ["crd", "crds"],
      categories: ["api-extensions"],
      hasGeneration: true,
      unconditionalUpdate: false,
      rules: definitionRules,
      ...withStatus("apiextensions.k8s.io", "CustomResourceDefinition"),
    }),
    type("coordination.k8s.io", "Lease", "leases", {
      rules: leaseRules,
      unconditionalUpdate: false,
      createOnUpdate: true,
    }),
    type("discovery.k8s.io", "EndpointSlice", "endpointslices", { hasGeneration: true, rules: slices }),
    type("storage.k8s.io", "CSIDriver", "csidrivers", { ...cluster, rules: csiDriverRules, answersDeleted: true }),
    type("storage.k8s.io", "CSINode", "csinodes", { ...cluster, answersDeleted: true }),
    type("storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", {}),
    type("storage.k8s.io", "StorageClass", "storageclasses", {
      ...cluster,
      shortNames: ["sc"],
      rules: storageClassRules,
      answersDeleted: true,
    }),
    type("storage.k8s.io", "VolumeAttachment", "volumeattachments", {
      ...cluster,
      answersDeleted: true,
      ...withStatus("storage.k8s.io", "VolumeAttachment"),
    }),
    type("scheduling.k8s.io", "PriorityClass", "priorityclasses", {
      ...cluster,
      shortNames: ["pc"],
      hasGeneration: true,
      unconditionalUpdate: false,
    }),
    // Listed by schedulers; nothing is known of their fields here, and nothing is made of them.
    type("resource.k8s.io", "DeviceClass", "deviceclasses", { ...cluster, ...unknownForm(false) }),
    type("resource.k8s.io", "ResourceClaim", "resourceclaims", unknownForm(true)),
    type("resource.k8s.io", "ResourceSlice", "resourceslices", { ...cluster, ...unknownForm(false) }),
  ];
}

const POD_FIELDS = [
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "spec.hostNetwork",
  "status.phase",
  "status.podIP",
  "status.nominatedNodeName",
];

const EVENT_FIELDS = [
  ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
    (field) => `involvedObject.${field}`,
  ),
  "reason",
  "reportingComponent",
  "source",
  "type",
];

function withStatus(group: string, kind: string): Pick<ResourceType, "versions"> {
  return { versions: [{ name: "v1", schema: builtInSchema(group, "v1", kind), status: true }] };
}

function unknownForm(status: boolean): Pick<ResourceType, "versions"> {
  return { versions: [{ name: "v1", schema: undefined, status }] };
}

function type(group: string, kind: string, plural: string, special: Special): ResourceType {
  const rules: KindRules = {};
  return {
    group,
    kind,
    plural,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    namespaced: true,
    versions: special.versions ?? [{ name: "v1", schema: builtInSchema(group, "v1", kind), status: false }],
    storageVersion: "v1",
    shortNames: [],
    categories: [],
    verbs: VERBS,
    custom: false,
    names: "subdomain",
    hasGeneration: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    answersDeleted: false,
    keepsStatus: false,
    selectable: [],
    rules,
    ...special,
  };
}
