/**
 * An installation of Tandem in a cluster, as objects: what `tandem install` applies and the Helm chart is made of.
 * @module
 */
import { customResourceDefinitions } from "../../model/definitions/index.ts";
import { TANDEM_API_VERSION } from "../../model/kinds/index.ts";
import { guard } from "./guard.ts";
import type { InstallOptions } from "./install-options.ts";
import { INSTALLATION_LABEL, type InstalledObject } from "./installed-object.ts";
import { networkPolicies, peersService } from "./network.ts";
import { permissions } from "./permissions.ts";
import { disruptionBudget } from "./pod.ts";
import { controllers, gateways } from "./workloads.ts";

/** All objects, in the order in which they are applied; they are removed in the opposite one. */
export function installedObjects(options: InstallOptions): readonly InstalledObject[] {
  const { namespace } = options;
  const definitions = customResourceDefinitions();
  const objects: readonly InstalledObject[] = [
    namespaceObject(namespace),
    ...definitions.map((definition) => ({ ...definition })),
    ...permissions(options),
    ...guard(namespace, definitions),
    ...networkPolicies(namespace),
    peersService(options),
    ...(["controller", "gateway"] as const).map((component) => disruptionBudget(component, namespace)),
    site(options),
    controllers(options),
    gateways(options),
  ];
  return objects.map((object) => labelled(object, namespace));
}

/** Pods that could do harm are refused there. */
function namespaceObject(name: string): InstalledObject {
  const levels = ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]);
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: Object.fromEntries(levels) as Record<string, string> },
  };
}

function site({ site: name, advertised, labels }: InstallOptions): InstalledObject {
  return {
    apiVersion: TANDEM_API_VERSION,
    kind: "Site",
    metadata: { name },
    spec: { gateways: advertised, labels },
  };
}

function labelled(object: InstalledObject, namespace: string): InstalledObject {
  const { labels, ...metadata } = object.metadata;
  const own = { "app.kubernetes.io/part-of": "tandem", [INSTALLATION_LABEL]: namespace };
  return { ...object, metadata: { ...metadata, labels: { ...own, ...labels } } };
}

export { type InstallOptions, SERVICE_TYPES } from "./install-options.ts";
export { type Permission, permissionsOf } from "./permissions.ts";
export { INSTALLATION_LABEL, type InstalledObject } from "./installed-object.ts";
