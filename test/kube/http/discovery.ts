/**
 * `/api`, `/apis` and what lies below: what the cluster serves.
 * @module
 */
import type { Json, JsonObject } from "../api/json.ts";
import { apiVersionOf, type ResourceType, storageVersionHash } from "../kinds/resource-type.ts";

/** The answer to a discovery request; undefined when the path names nothing. */
export function discover(types: readonly ResourceType[], path: string): JsonObject | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [root, group, version] = parts;
  if (root === "api" && parts.length === 1) {
    return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  }
  if (root === "api" && parts.length === 2 && group === "v1") return resourceList(types, "", "v1");
  if (root !== "apis") return undefined;
  const groups = groupsOf(types);
  if (parts.length === 1) {
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((name) => describeGroup(types, name)) };
  }
  if (group === undefined || !groups.includes(group)) return undefined;
  if (version === undefined) return { kind: "APIGroup", apiVersion: "v1", ...describeGroup(types, group) };
  const isServed = parts.length === 3 && versionsOf(types, group).includes(version);
  return isServed ? resourceList(types, group, version) : undefined;
}

/** Whether a group has a version. */
export function servesVersion(types: readonly ResourceType[], group: string, version: string): boolean {
  return (group === "" && version === "v1") || versionsOf(types, group).includes(version);
}

function groupsOf(types: readonly ResourceType[]): readonly string[] {
  return [...new Set(types.map(({ group }) => group).filter((group) => group !== "")), REVIEWS];
}

/** The group of SelfSubjectAccessReview, which is asked and never stored. */
const REVIEWS = "authorization.k8s.io";

function versionsOf(types: readonly ResourceType[], group: string): readonly string[] {
  if (group === REVIEWS) return ["v1"];
  const versions = types
    .filter((type) => type.group === group)
    .flatMap((type) => type.versions.map(({ name }) => name));
  return [...new Set(versions)];
}

function describeGroup(types: readonly ResourceType[], group: string): JsonObject {
  const versions = versionsOf(types, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  const [preferred] = versions;
  return { name: group, versions, ...(preferred === undefined ? {} : { preferredVersion: preferred }) };
}

function resourceList(types: readonly ResourceType[], group: string, version: string): JsonObject {
  const served = types.filter((type) => type.group === group && type.versions.some(({ name }) => name === version));
  const resources = served.flatMap((type) => describeResource(type, version));
  if (group === REVIEWS) resources.push(review("SelfSubjectAccessReview"), review("SubjectAccessReview"));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf(group, version), resources };
}

function describeResource(type: ResourceType, version: string): Json[] {
  const { plural: name, singular: singularName, namespaced, kind } = type;
  const main: JsonObject = { name, singularName, namespaced, kind, verbs: [...type.verbs] };
  if (type.shortNames.length > 0) main["shortNames"] = [...type.shortNames];
  if (type.categories.length > 0) main["categories"] = [...type.categories];
  main["storageVersionHash"] = storageVersionHash(type);
  const below = (subresource: string, verbs: readonly string[]): JsonObject => {
    return { name: `${name}/${subresource}`, singularName: "", namespaced, kind, verbs: [...verbs] };
  };
  const resources: Json[] = [main];
  if (name === "namespaces" && type.group === "") resources.push(below("finalize", ["update"]));
  if (name === "pods" && type.group === "") {
    resources.push({ ...below("binding", ["create"]), kind: "Binding" });
  }
  const hasStatus = type.versions.some((one) => one.name === version && one.status);
  if (hasStatus) resources.push(below("status", ["get", "patch", "update"]));
  return resources;
}

function review(kind: string): JsonObject {
  return {
    name: `${kind.toLowerCase()}s`,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ["create"],
  };
}
