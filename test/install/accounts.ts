/**
 * A simulated cluster with Tandem's accounts and exactly the permissions that an installation gives them.
 * @module
 */
import { resourceOf } from "../../src/adapters/kube/installed-resources.ts";
import { installedObjects, type InstallOptions } from "../../src/core/install/index.ts";
import type { JsonObject } from "../kube/api/json.ts";
import type { KnownUser } from "../kube/http/authentication.ts";
import type { SimulatedCluster } from "../kube/simulated-cluster.ts";
import { EXAMPLE } from "./example.ts";

/** The controllers' account. */
export const CONTROLLER = "system:serviceaccount:tandem-system:tandem-controller";

/** The agents' account. */
export const GATEWAY = "system:serviceaccount:tandem-system:tandem-gateway";

/** Users of a cluster: an administrator, and Tandem's accounts. */
export const USERS: readonly KnownUser[] = [
  { name: "admin", token: "admin-token", groups: ["system:masters"] },
  { name: CONTROLLER, token: "controller-token" },
  { name: GATEWAY, token: "gateway-token" },
];

/** Of the objects of an installation those that say who may do what, and the record that the controller keeps. */
const PERMITTING = new Set(["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ConfigMap"]);

/** Gives Tandem's accounts their permissions; the namespaces have to be there. */
export function grantPermissions(cluster: SimulatedCluster, options: InstallOptions = EXAMPLE): void {
  for (const object of installedObjects(options)) {
    if (!PERMITTING.has(object.kind)) continue;
    const { group, plural } = resourceOf(object);
    cluster.seed(`${group}/${plural}`, JSON.parse(JSON.stringify(object)) as JsonObject, object.metadata.namespace);
  }
}
