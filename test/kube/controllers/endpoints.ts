/**
 * The controller of the older Endpoints objects: one for each Service with a selector. Without one it leaves the object.
 * @module
 */
import { canonicalJson, type Json, type JsonObject, objectAt, textAt } from "../api/json.ts";
import { type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { controllerWrite } from "../storage/write-options.ts";
import type { Controller } from "./reconciler.ts";
import {
  familiesOf,
  hasSelector,
  isHeadless,
  podEndpoints,
  type PodEndpoint,
  podReference,
  servicesOfPod,
} from "./slice-content.ts";

const WRITE = controllerWrite("kube-controller-manager");

/** Makes the controller. */
export function endpointsController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "endpoints",
    allKeys: () => store.list("/services").map(({ key }) => key),
    keysOf: (event) => {
      const { resource, key } = event;
      if (resource === "/services" || resource === "/endpoints") return [key];
      return resource === "/pods" ? servicesOfPod(store, event) : [];
    },
    reconcile: (key) => reconcile(resources, key),
  };
}

function reconcile(resources: ServedResources, key: string): void {
  const { store } = resources.world;
  const storage = resources.storage("/endpoints");
  const service = store.get("/services", key);
  const existing = store.get("/endpoints", key);
  if (service === undefined) {
    const isManaged = textAt(existing, "metadata", "labels", MANAGED_BY) === SELF;
    if (existing !== undefined && isManaged) storage.delete(placeOf(existing), { dryRun: false });
    return;
  }
  if (!hasSelector(service) || textAt(service, "spec", "type") === "ExternalName") return;
  const labels: JsonObject = { ...objectAt(service, "metadata", "labels"), [MANAGED_BY]: SELF };
  if (isHeadless(service)) labels["service.kubernetes.io/headless"] = "";
  const subsets = subsetsOf(store, service);
  const content: JsonObject = subsets.length === 0 ? {} : { subsets: [...subsets] };
  const kind = { apiVersion: "v1", kind: "Endpoints" };
  if (existing === undefined) {
    const metadata = { name: nameOf(service), labels };
    storage.create(namespaceOf(service), { ...kind, metadata, ...content }, WRITE);
    return;
  }
  storage.update(placeOf(existing), { ...kind, metadata: { ...existing.metadata, labels }, ...content }, "", WRITE);
}

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const SELF = "endpoint-controller";

function placeOf(object: KubeObject): { readonly namespace: string; readonly name: string } {
  return { namespace: namespaceOf(object), name: nameOf(object) };
}

/** Subsets of endpoints with the same ports; pods that end are in none. */
function subsetsOf(store: ObjectStore, service: KubeObject): readonly Json[] {
  const groups = new Map<string, PodEndpoint[]>();
  for (const endpoint of podEndpoints(store, service, familiesOf(service)[0] ?? "IPv4")) {
    if (endpoint.terminating && !endpoint.ready) continue;
    const key = canonicalJson([...endpoint.ports]);
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return [...groups.values()].map((group) => {
    const addresses = group.filter(({ ready }) => ready).map(address);
    const notReadyAddresses = group.filter(({ ready }) => !ready).map(address);
    const ports = (group[0]?.ports ?? []).map(({ name, ...port }) =>
      name === "" ? port : { name: name ?? "", ...port },
    );
    return {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ports,
    };
  });
}

function address({ pod, addresses }: PodEndpoint): JsonObject {
  const nodeName = textAt(pod, "spec", "nodeName");
  return {
    ip: addresses[0] ?? "",
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: podReference(pod),
  };
}
