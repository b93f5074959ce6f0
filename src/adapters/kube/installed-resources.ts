import { KUBE_RESOURCES, type KubeResource } from "./kube-resource.ts";

const RBAC = { group: "rbac.authorization.k8s.io", version: "v1" } as const;
const ADMISSION = { group: "admissionregistration.k8s.io", version: "v1" } as const;
const CORE = { group: "", version: "v1" } as const;

/** Resources that an installation has objects of, by kind. */
const BY_KIND = {
  Namespace: { ...CORE, plural: "namespaces", namespaced: false },
  CustomResourceDefinition: {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
  ServiceAccount: { ...CORE, plural: "serviceaccounts", namespaced: true },
  ClusterRole: { ...RBAC, plural: "clusterroles", namespaced: false },
  ClusterRoleBinding: { ...RBAC, plural: "clusterrolebindings", namespaced: false },
  Role: { ...RBAC, plural: "roles", namespaced: true },
  RoleBinding: { ...RBAC, plural: "rolebindings", namespaced: true },
  ConfigMap: { ...CORE, plural: "configmaps", namespaced: true },
  ValidatingAdmissionPolicy: { ...ADMISSION, plural: "validatingadmissionpolicies", namespaced: false },
  ValidatingAdmissionPolicyBinding: { ...ADMISSION, plural: "validatingadmissionpolicybindings", namespaced: false },
  NetworkPolicy: { group: "networking.k8s.io", version: "v1", plural: "networkpolicies", namespaced: true },
  Service: KUBE_RESOURCES.services,
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets", namespaced: true },
  Site: KUBE_RESOURCES.sites,
  Deployment: { group: "apps", version: "v1", plural: "deployments", namespaced: true },
} as const satisfies Readonly<Record<string, Omit<KubeResource, "kind">>>;

/** Kinds that an installation has objects of. */
export type InstalledKind = keyof typeof BY_KIND;

/** All of them, in the order in which they are installed. */
export const INSTALLED_KINDS = Object.keys(BY_KIND) as readonly InstalledKind[];

/** The resource of a kind. */
export function installedResource(kind: InstalledKind): KubeResource {
  return { ...BY_KIND[kind], kind };
}

/** The resource of an object. @throws when it is of no kind that installations have: a defect */
export function resourceOf({ kind }: { readonly kind: string }): KubeResource {
  if (!Object.hasOwn(BY_KIND, kind)) throw new Error(`${kind} is not in the table of installed kinds`);
  return installedResource(kind as InstalledKind);
}
