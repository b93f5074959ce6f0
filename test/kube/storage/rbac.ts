/**
 * Authorization by the roles and bindings in the store.
 * @module
 */
import { type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from "../api/json.ts";
import { namespaceOf } from "../api/kube-object.ts";
import type { ObjectStore } from "./object-store.ts";

/** Who asks. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is asked for: something about objects, or a path. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a request that is not about a resource. */
  readonly path: string | undefined;
}

const GROUP = "rbac.authorization.k8s.io";

/** What everybody may ask, whoever they are. */
const PUBLIC_PATHS = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

/** What everybody with credentials may ask: discovery. */
const DISCOVERY_PATHS = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"];

/** Whether a user may do something. Members of `system:masters` may do everything. */
export function isAllowed(store: ObjectStore, user: User, wanted: Attributes): boolean {
  if (user.groups.includes("system:masters")) return true;
  if (isAllowedToAll(user, wanted)) return true;
  return rulesOf(store, user, wanted.namespace).some((rule) => covers(rule, wanted));
}

function isAllowedToAll(user: User, { verb, path, group, resource }: Attributes): boolean {
  const isKnown = user.groups.includes("system:authenticated");
  if (path === undefined) {
    return isKnown && group === "authorization.k8s.io" && resource.startsWith("selfsubject") && verb === "create";
  }
  if (verb !== "get") return false;
  return PUBLIC_PATHS.includes(path) || (isKnown && DISCOVERY_PATHS.some((pattern) => fitsPath(pattern, path)));
}

function rulesOf(store: ObjectStore, user: User, namespace: string): readonly Json[] {
  const rules: Json[] = [];
  for (const { object } of store.list(`${GROUP}/clusterrolebindings`)) {
    if (binds(object, user)) rules.push(...rulesIn(store, object));
  }
  for (const { object } of store.list(`${GROUP}/rolebindings`)) {
    if (namespace !== "" && namespaceOf(object) === namespace && binds(object, user))
      rules.push(...rulesIn(store, object));
  }
  return rules;
}

function binds(binding: JsonObject, user: User): boolean {
  return listAt(binding, "subjects").some((subject) => {
    const name = textAt(subject, "name") ?? "";
    switch (textAt(subject, "kind")) {
      case "User":
        return name === user.name;
      case "Group":
        return user.groups.includes(name);
      case "ServiceAccount":
        return user.name === `system:serviceaccount:${textAt(subject, "namespace") ?? namespaceOf(binding)}:${name}`;
      case undefined:
      default:
        return false;
    }
  });
}

function rulesIn(store: ObjectStore, binding: JsonObject): readonly Json[] {
  const name = textAt(binding, "roleRef", "name") ?? "";
  const isOfCluster = textAt(binding, "roleRef", "kind") === "ClusterRole";
  const role = isOfCluster
    ? store.get(`${GROUP}/clusterroles`, name)
    : store.get(`${GROUP}/roles`, `${namespaceOf(binding)}/${name}`);
  return listAt(objectAt({ role: role ?? {} }, "role"), "rules");
}

function covers(rule: Json, wanted: Attributes): boolean {
  if (!fits(textsAt(rule, "verbs"), wanted.verb)) return false;
  const { path } = wanted;
  if (path !== undefined) return textsAt(rule, "nonResourceURLs").some((pattern) => fitsPath(pattern, path));
  if (!fits(textsAt(rule, "apiGroups"), wanted.group)) return false;
  const resources = textsAt(rule, "resources");
  const full = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const isCovered =
    fits(resources, full) || (wanted.subresource !== "" && resources.includes(`*/${wanted.subresource}`));
  const names = textsAt(rule, "resourceNames");
  return isCovered && (names.length === 0 || names.includes(wanted.name));
}

function fits(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes("*") || allowed.includes(wanted);
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/** Why a request was refused, in the words of the real API server. */
export function denial(user: User, wanted: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${wanted.verb}`;
  if (wanted.path !== undefined) return `${who} path ${JSON.stringify(wanted.path)}`;
  const full = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const where =
    wanted.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(wanted.namespace)}`;
  return `${who} resource ${JSON.stringify(full)} in API group ${JSON.stringify(wanted.group)} ${where}`;
}
