/**
 * The namespace controller: empties a namespace that is being deleted, then lets it go.
 * @module
 */
import { objectAt } from "../api/json.ts";
import { isTerminating, nameOf, namespaceOf } from "../api/kube-object.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { controllerWrite } from "../storage/write-options.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import type { Controller } from "./reconciler.ts";

const WRITE = controllerWrite("kube-controller-manager");

/** Makes the controller. */
export function namespaceController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "namespaces",
    allKeys: () => store.list("/namespaces").map(({ key }) => key),
    keysOf: ({ type, resource, key, object }) => {
      if (resource === "/namespaces") return [key];
      return type === "DELETED" && namespaceOf(object) !== "" ? [namespaceOf(object)] : [];
    },
    reconcile: (name) => {
      const namespace = store.get("/namespaces", name);
      if (namespace === undefined || !isTerminating(namespace)) return;
      if (!empty(resources, name)) return;
      const spec = { ...objectAt(namespace, "spec"), finalizers: [] };
      resources.storage("/namespaces").update({ namespace: "", name }, { ...namespace, spec }, "finalize", WRITE);
    },
  };
}

/** Deletes what is in a namespace. Returns whether nothing is left. */
function empty(resources: ServedResources, namespace: string): boolean {
  const { store } = resources.world;
  let isEmpty = true;
  for (const type of resources.types) {
    if (!type.namespaced) continue;
    const key = resourceKey(type);
    for (const { key: place, object } of store.list(key, namespace)) {
      // Also pods go at once: no kubelet is there to let them end in their own time.
      if (!isTerminating(object) || key === "/pods") {
        resources.storage(key).delete({ namespace, name: nameOf(object) }, { dryRun: false, gracePeriodSeconds: 0 });
      }
      if (store.get(key, place) !== undefined) isEmpty = false;
    }
  }
  return isEmpty;
}
