/**
 * The endpointslice controller: slices for Services with a selector. A Service that loses its selector keeps them.
 * @module
 */
import { canonicalJson, equal, type Json, type JsonObject, listAt, objectAt, textAt } from "../api/json.ts";
import { type KubeObject, labelsOf, nameOf, namespaceOf } from "../api/kube-object.ts";
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
  zoneOf,
} from "./slice-content.ts";

/** Label that ties a slice to its Service. */
export const SERVICE_NAME = "kubernetes.io/service-name";

/** Label that names who keeps a slice. */
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";

const SELF = "endpointslice-controller.k8s.io";
const SLICES = "discovery.k8s.io/endpointslices";
const SLICE_LIMIT = 100;
const WRITE = controllerWrite("kube-controller-manager");

/** Makes the controller. */
export function endpointSliceController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "endpointSlices",
    allKeys: () => store.list("/services").map(({ key }) => key),
    keysOf: (event) => {
      const { resource, key, object } = event;
      if (resource === "/services") return [key];
      if (resource === "/pods") return servicesOfPod(store, event);
      if (resource !== SLICES || labelsOf(object)[MANAGED_BY] !== SELF) return [];
      const service = labelsOf(object)[SERVICE_NAME];
      return typeof service === "string" ? [`${namespaceOf(object)}/${service}`] : [];
    },
    reconcile: (key) => {
      const service = store.get("/services", key);
      if (service === undefined || !hasSelector(service)) return;
      if (textAt(service, "spec", "type") === "ExternalName") return;
      reconcileService(resources, service);
    },
  };
}

function reconcileService(resources: ServedResources, service: KubeObject): void {
  const { store } = resources.world;
  const existing = ownSlices(store, service);
  const families = familiesOf(service);
  for (const slice of existing) {
    if (!families.includes(textAt(slice, "addressType") ?? "")) remove(resources, slice);
  }
  for (const family of families) {
    const known = existing.filter((slice) => textAt(slice, "addressType") === family);
    const wanted = fillSlices(known, groupByPorts(podEndpoints(store, service, family)), (endpoint) =>
      describe(store, endpoint),
    );
    write(resources, service, { family, known, wanted });
  }
}

/** Slices that this controller keeps for a Service. */
function ownSlices(store: ObjectStore, service: KubeObject): readonly KubeObject[] {
  const slices = store.list(SLICES, namespaceOf(service)).map(({ object }) => object);
  return slices.filter((slice) => {
    const labels = labelsOf(slice);
    return labels[SERVICE_NAME] === nameOf(service) && labels[MANAGED_BY] === SELF;
  });
}

/** Endpoints with the same ports: a slice has one set of them. */
function groupByPorts(endpoints: readonly PodEndpoint[]): readonly PodEndpoint[][] {
  const groups = new Map<string, PodEndpoint[]>();
  for (const endpoint of endpoints) {
    const key = canonicalJson([...endpoint.ports]);
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return [...groups.values()];
}

/** What a slice should hold; without a slice it has to be made. */
interface WantedSlice {
  readonly slice: KubeObject | undefined;
  readonly ports: readonly JsonObject[];
  readonly endpoints: readonly Json[];
}

/** Spreads endpoints over slices: those that are in one stay there, others go where there is room. */
function fillSlices(
  known: readonly KubeObject[],
  groups: readonly PodEndpoint[][],
  describeOne: (endpoint: PodEndpoint) => JsonObject,
): readonly WantedSlice[] {
  const wanted: WantedSlice[] = [];
  const used = new Set<KubeObject>();
  for (const group of groups) {
    const ports = group[0]?.ports ?? [];
    let left = [...group];
    const fitting = known.filter((slice) => !used.has(slice) && equal([...listAt(slice, "ports")], [...ports]));
    const kept = fitting.map((slice) => {
      used.add(slice);
      const uids = listAt(slice, "endpoints").map((endpoint) => textAt(endpoint, "targetRef", "uid"));
      const members = left.filter(({ pod }) => uids.includes(pod.metadata.uid));
      left = left.filter((endpoint) => !members.includes(endpoint));
      return { slice, members };
    });
    for (const { slice, members } of kept) {
      const all = [...members, ...left.splice(0, SLICE_LIMIT - members.length)];
      if (all.length > 0) wanted.push({ slice, ports, endpoints: all.map(describeOne) });
      else used.delete(slice);
    }
    while (left.length > 0) {
      wanted.push({ slice: undefined, ports, endpoints: left.splice(0, SLICE_LIMIT).map(describeOne) });
    }
  }
  if (wanted.length === 0) wanted.push({ slice: undefined, ports: [], endpoints: [] });
  // What would be deleted is reused for what would be made, as the real controller does.
  const free = known.filter((slice) => !wanted.some((one) => one.slice === slice));
  return wanted.map((one) => (one.slice === undefined ? { ...one, slice: free.shift() } : one));
}

function describe(store: ObjectStore, endpoint: PodEndpoint): JsonObject {
  const { pod, addresses, ready, serving, terminating } = endpoint;
  const nodeName = textAt(pod, "spec", "nodeName");
  const zone = zoneOf(store, pod);
  const hostname = textAt(pod, "spec", "hostname");
  return {
    addresses: [...addresses],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: podReference(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function write(
  resources: ServedResources,
  service: KubeObject,
  plan: { readonly family: string; readonly known: readonly KubeObject[]; readonly wanted: readonly WantedSlice[] },
): void {
  const storage = resources.storage(SLICES);
  for (const { slice, ports, endpoints } of plan.wanted) {
    const content: JsonObject = { addressType: plan.family, ports: [...ports], endpoints: [...endpoints] };
    if (slice === undefined) {
      const metadata = { generateName: `${nameOf(service)}-`, ...ownMetadata(service) };
      const kind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
      storage.create(namespaceOf(service), { ...kind, metadata, ...content }, WRITE);
      continue;
    }
    const place = { namespace: namespaceOf(slice), name: nameOf(slice) };
    storage.update(
      place,
      { ...slice, metadata: { ...slice.metadata, ...ownMetadata(service) }, ...content },
      "",
      WRITE,
    );
  }
  for (const slice of plan.known) {
    if (!plan.wanted.some((one) => one.slice === slice)) remove(resources, slice);
  }
}

function remove(resources: ServedResources, slice: KubeObject): void {
  resources.storage(SLICES).delete({ namespace: namespaceOf(slice), name: nameOf(slice) }, { dryRun: false });
}

function ownMetadata(service: KubeObject): JsonObject {
  const labels: JsonObject = {
    ...objectAt(service, "metadata", "labels"),
    [SERVICE_NAME]: nameOf(service),
    [MANAGED_BY]: SELF,
  };
  if (isHeadless(service)) labels["service.kubernetes.io/headless"] = "";
  return { labels, ownerReferences: [ownerReference(service)] };
}

/** The reference that makes an object go when its owner goes. */
export function ownerReference(owner: KubeObject): JsonObject {
  const { apiVersion, kind } = owner;
  return { apiVersion, kind, name: nameOf(owner), uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true };
}
