/**
 * The controllers of CustomResourceDefinitions: accept names, establish, and clean up after a deletion.
 * @module
 */
import { type Json, type JsonObject, listAt, objectAt, textAt } from "../api/json.ts";
import { finalizersOf, isTerminating, type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import { definedType } from "../kinds/custom-resource-definition.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import { timestamp } from "../storage/resource-storage.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { controllerWrite } from "../storage/write-options.ts";
import type { Controller } from "./reconciler.ts";

const DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions";
const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";
const WRITE = controllerWrite("kube-apiserver");

/** Serves what established definitions define, and deletes what deleted ones did. */
export function customResourceController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "customResources",
    allKeys: () => store.list(DEFINITIONS).map(({ key }) => key),
    keysOf: ({ type, resource, key, object }) => {
      if (resource === DEFINITIONS) return [key];
      const group = resource.split("/")[0] ?? "";
      // A custom object that went may have been the last one in the way of a definition's deletion.
      return type === "DELETED" && group.includes(".") ? [`${resource.split("/")[1]}.${objectGroup(object)}`] : [];
    },
    reconcile: (name) => {
      const definition = store.get(DEFINITIONS, name);
      if (definition === undefined) return;
      if (isTerminating(definition)) cleanUp(resources, definition);
      else if (isEstablished(definition)) resources.serve(definedType(definition));
    },
  };
}

function objectGroup({ apiVersion }: KubeObject): string {
  return apiVersion.split("/")[0] ?? "";
}

function isEstablished(definition: KubeObject): boolean {
  return listAt(definition, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "Established" && textAt(condition, "status") === "True",
  );
}

/** Serves what every established definition defines. */
export function serveEstablished(resources: ServedResources): void {
  for (const { object } of resources.world.store.list(DEFINITIONS)) {
    if (isEstablished(object)) resources.serve(definedType(object));
  }
}

/** Names definitions that wait to be established, for as long as the API server takes for it. */
export function establishingController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "establishing",
    allKeys: () => store.list(DEFINITIONS).map(({ key }) => key),
    keysOf: ({ resource, type, key }) => (resource === DEFINITIONS && type === "ADDED" ? [key] : []),
    reconcile: (name) => establish(resources, name),
  };
}

/** Accepts a definition's names and serves it, in the two writes that the real controllers make. */
export function establish(resources: ServedResources, name: string): void {
  const definition = resources.world.store.get(DEFINITIONS, name);
  if (definition === undefined || isTerminating(definition) || isEstablished(definition)) return;
  const now = timestamp(resources.world.now());
  const accepted = condition(now, "NamesAccepted", {
    status: "True",
    reason: "NoConflicts",
    message: "no conflicts found",
  });
  const message = "the initial names have been accepted";
  const acceptedNames = { ...objectAt(definition, "spec", "names") };
  writeStatus(resources, definition, {
    acceptedNames,
    conditions: [accepted, condition(now, "Established", { status: "False", reason: "Installing", message })],
  });
  const named = resources.world.store.get(DEFINITIONS, name);
  if (named === undefined) return;
  const established = condition(now, "Established", { status: "True", reason: "InitialNamesAccepted", message });
  writeStatus(resources, named, { acceptedNames, conditions: [accepted, established] });
  resources.serve(definedType(named));
}

function condition(now: string, type: string, rest: JsonObject): JsonObject {
  return { type, lastTransitionTime: now, ...rest };
}

function writeStatus(resources: ServedResources, definition: KubeObject, change: JsonObject): void {
  const status: Json = { ...objectAt(definition, "status"), ...change };
  const place = { namespace: "", name: nameOf(definition) };
  resources.storage(DEFINITIONS).update(place, { ...definition, status }, "status", WRITE);
}

function cleanUp(resources: ServedResources, definition: KubeObject): void {
  const { store } = resources.world;
  const key = resourceKey(definedType(definition));
  if (resources.type(key) !== undefined) {
    const storage = resources.storage(key);
    for (const { object } of store.list(key)) {
      if (!isTerminating(object))
        storage.delete({ namespace: namespaceOf(object), name: nameOf(object) }, { dryRun: false });
    }
    if (store.list(key).length > 0) return;
  }
  resources.withdraw(key);
  if (!finalizersOf(definition).includes(CLEANUP)) return;
  const finalizers = finalizersOf(definition).filter((one) => one !== CLEANUP);
  const metadata: JsonObject = { ...definition.metadata, finalizers };
  resources
    .storage(DEFINITIONS)
    .update({ namespace: "", name: nameOf(definition) }, { ...definition, metadata }, "", WRITE);
}
