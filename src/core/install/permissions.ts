/**
 * What Tandem's processes may do in a cluster: no more than they do. The suites hold each rule against what is
 * asked for (test/install/granted.ts).
 * @module
 */
import { HELD_RECORD } from "./guard.ts";
import type { InstallOptions } from "./install-options.ts";
import { type Component, componentName, type InstalledObject } from "./installed-object.ts";

/** rbac/v1 PolicyRule, as far as it is used. */
interface Rule {
  readonly apiGroups: readonly [string];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "rbac.authorization.k8s.io";
const FOLLOW = ["list", "watch"] as const;

const gatewayReads: readonly Rule[] = [
  { apiGroups: ["tandem.dev"], resources: ["failoverpolicies", "sites", "switches"], verbs: FOLLOW },
  { apiGroups: [""], resources: ["services"], verbs: FOLLOW },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: FOLLOW },
];

/** A gateway says by a Lease that it is there and where, and passes on by another one that a site came with a token. */
const gatewayLeases: readonly Rule[] = [
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
];

const controllerReads: readonly Rule[] = [
  { apiGroups: ["tandem.dev"], resources: ["failoverpolicies", "sites", "switches"], verbs: FOLLOW },
  { apiGroups: ["tandem.dev"], resources: ["failoverpolicies/status"], verbs: ["patch"] },
  // Sites that join.
  { apiGroups: ["tandem.dev"], resources: ["sites"], verbs: ["create", "patch"] },
  { apiGroups: [""], resources: ["services"], verbs: ["get", ...FOLLOW] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: FOLLOW },
  // What would keep gateways out of pods, or be kept out of force by them.
  { apiGroups: [""], resources: ["namespaces"], verbs: FOLLOW },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: FOLLOW },
  { apiGroups: ["security.istio.io"], resources: ["peerauthentications"], verbs: ["list"] },
  // Checks are taken from readiness probes where a policy gives none; labels say which NetworkPolicies are about a pod.
  { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
  // What happens to policies.
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
];

/** The switch of a Service: in all namespaces, or only in those that were named. */
const serviceWrites: readonly Rule[] = [
  { apiGroups: [""], resources: ["services"], verbs: ["create", "patch", "delete"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["create", "patch", "delete"] },
];

const controllerOwn: readonly Rule[] = [
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  // Who creates has no name yet: all else is allowed of these two alone.
  { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
  { apiGroups: [""], resources: ["secrets"], resourceNames: ["tandem-authority"], verbs: ["get"] },
  { apiGroups: [""], resources: ["secrets"], resourceNames: ["tandem-tokens"], verbs: ["get", "patch"] },
  { apiGroups: [""], resources: ["configmaps"], resourceNames: [HELD_RECORD], verbs: ["patch"] },
];

/** Where a permission is needed: in the whole cluster, in Tandem's namespace, or where Services are switched. */
export type PermissionScope = "cluster" | "tandem" | "services";

/** A verb on a resource, of all objects or of one. */
export interface Permission {
  readonly scope: PermissionScope;
  readonly verb: string;
  readonly group: string;
  /** Plural, with a subresource behind it: `failoverpolicies/status`. */
  readonly resource: string;
  readonly name?: string;
}

/** All that a component is given. */
export function permissionsOf(component: Component): readonly Permission[] {
  const given: readonly (readonly [PermissionScope, readonly Rule[]])[] =
    component === "gateway"
      ? [
          ["cluster", gatewayReads],
          ["tandem", gatewayLeases],
        ]
      : [
          ["cluster", controllerReads],
          ["services", serviceWrites],
          ["tandem", controllerOwn],
        ];
  return given.flatMap(([scope, rules]) => rules.flatMap((rule) => eachOf(rule).map((one) => ({ scope, ...one }))));
}

function eachOf({ apiGroups: [group], resources, resourceNames, verbs }: Rule): readonly Omit<Permission, "scope">[] {
  const names = resourceNames?.map((name) => ({ name })) ?? [{}];
  return resources.flatMap((resource) =>
    verbs.flatMap((verb) => names.map((named) => ({ verb, group, resource, ...named }))),
  );
}

/** Accounts, roles and who has them. */
export function permissions({ namespace, namespaces }: InstallOptions): readonly InstalledObject[] {
  const everywhere = { namespace: undefined };
  const services = "tandem-controller-services";
  return [
    account("controller", namespace),
    account("gateway", namespace),
    role("tandem-controller", everywhere, controllerReads),
    role(services, everywhere, serviceWrites),
    role("tandem-gateway", everywhere, gatewayReads),
    binding("tandem-controller", everywhere, subject("controller", namespace)),
    ...(namespaces ?? [undefined]).map((one) =>
      binding(services, { namespace: one }, subject("controller", namespace), "ClusterRole"),
    ),
    binding("tandem-gateway", everywhere, subject("gateway", namespace)),
    role("tandem-controller", { namespace }, controllerOwn),
    role("tandem-gateway", { namespace }, gatewayLeases),
    binding("tandem-controller", { namespace }, subject("controller", namespace)),
    binding("tandem-gateway", { namespace }, subject("gateway", namespace)),
  ];
}

function account(component: Component, namespace: string): InstalledObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: componentName(component), namespace },
    // Envoy asks no API server: only the container that does gets the token.
    automountServiceAccountToken: false,
  };
}

/** In the whole cluster, or in one namespace. */
interface Reach {
  readonly namespace: string | undefined;
}

function role(name: string, { namespace }: Reach, rules: readonly Rule[]): InstalledObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: namespace === undefined ? "ClusterRole" : "Role",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    rules,
  };
}

function binding(
  name: string,
  { namespace }: Reach,
  to: Readonly<Record<string, string>>,
  kind = namespace === undefined ? "ClusterRole" : "Role",
): InstalledObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: [to],
  };
}

function subject(component: Component, namespace: string): Readonly<Record<string, string>> {
  return { kind: "ServiceAccount", name: componentName(component), namespace };
}
