/**
 * A case in namespaces of the comparison's own.
 * @module
 */
import type { Manifest, SchedulerCase } from "../scheduler-case.ts";
import { OWN_RESOURCES, ownNamespace } from "./own-objects.ts";

/** The label that the API server gives to each namespace: its name. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** The same case with every namespace renamed, wherever one is named. Again, it changes nothing. */
export function inOwnNamespaces(one: SchedulerCase): SchedulerCase {
  return { ...one, objects: one.objects.map(moved), pending: one.pending.map(moved) };
}

function moved(object: Manifest): Manifest {
  const { metadata, ...rest } = renamed(object) as Manifest;
  if (object.kind === "Namespace") return { ...rest, metadata: { ...metadata, name: ownNamespace(metadata.name) } };
  if (OWN_RESOURCES[object.kind]?.namespaced !== true) return { ...rest, metadata };
  return { ...rest, metadata: { ...metadata, namespace: metadata.namespace ?? ownNamespace("default") } };
}

/** Fields that name namespaces have these names in all kinds that cases have. */
function renamed(value: unknown, field = ""): unknown {
  if (Array.isArray(value)) {
    const isNames = field === "namespaces";
    return value.map((entry: unknown) => (isNames && typeof entry === "string" ? ownNamespace(entry) : renamed(entry)));
  }
  if (typeof value === "string") return field === "namespace" || field === NAME_LABEL ? ownNamespace(value) : value;
  if (typeof value !== "object" || value === null) return value;
  const isAboutNames = "key" in value && value.key === NAME_LABEL;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      renamed(entry, isAboutNames && name === "values" ? "namespaces" : name),
    ]),
  );
}
