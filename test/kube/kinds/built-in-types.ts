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
    type("", "Pod", "pods", {
      shortNames: ["po"],
      categories: ["all"],
      selectable: POD_FIELDS,
      rules: podRules,
      hasGeneration: true,
      answersDeleted: true,
      ...withStatus("", "Pod"),
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
