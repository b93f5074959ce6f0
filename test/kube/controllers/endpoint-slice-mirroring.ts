/**
 * The endpointslicemirroring controller: the Endpoints of a Service without a selector become slices, unless they carry
 * the label that says otherwise.
 * @module
 */
import { isIPv6 } from "node:net";
import { type Json, type JsonObject, listAt, objectAt, textAt } from "../api/json.ts";
import { type KubeObject, labelsOf, nameOf, namespaceOf } from "../api/kube-object.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { controllerWrite } from "../storage/write-options.ts";
import { MANAGED_BY, ownerReference, SERVICE_NAME } from "./endpoint-slices.ts";
import type { Controller } from "./reconciler.ts";
import { hasSelector } from "./slice-content.ts";

const SELF = "endpointslicemirroring-controller.k8s.io";
const SKIP = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const SLICES = "discovery.k8s.io/endpointslices";
const WRITE = controllerWrite("kube-controller-manager");

/** Makes the controller. */
export function endpointSliceMirroringController(resources: ServedResources): Controller {
  const { store } = resources.world;
  return {
    name: "endpointSliceMirroring",
    allKeys: () => store.list("/endpoints").map(({ key }) => key),
    keysOf: ({ resource, key, object }) => {
      if (resource === "/services" || resource === "/endpoints") return [key];
      if (resource !== SLICES || labelsOf(object)[MANAGED_BY] !== SELF) return [];
      const service = labelsOf(object)[SERVICE_NAME];
      return typeof service === "string" ? [`${namespaceOf(object)}/${service}`] : [];
    },
    reconcile: (key) => {
      const [namespace = "", name = ""] = key.split("/");
      const endpoints = mirrored(resources, key);
      const wanted = endpoints === undefined ? [] : slicesFor(endpoints);
      const existing = store.list(SLICES, namespace).filter(({ object }) => {
        const labels = labelsOf(object);
        return labels[SERVICE_NAME] === name && labels[MANAGED_BY] === SELF;
      });
      write(
        resources,
        existing.map(({ object }) => object),
        wanted,
      );
    },
  };
}

/** The Endpoints to mirror; undefined when there are none or they must not be. */
function mirrored({ world: { store } }: ServedResources, key: string): KubeObject | undefined {
  const endpoints = store.get("/endpoints", key);
  const service = store.get("/services", key);
  if (endpoints === undefined || service === undefined || hasSelector(service)) return undefined;
  const isSkipped = labelsOf(endpoints)[SKIP] === "true";
  return isSkipped || textAt(endpoints, "metadata", "annotations", LEADER) !== undefined ? undefined : endpoints;
}

function slicesFor(endpoints: KubeObject): readonly JsonObject[] {
  const { [SKIP]: _, ...copied } = objectAt(endpoints, "metadata", "labels");
  const labels: JsonObject = { ...copied, [SERVICE_NAME]: nameOf(endpoints), [MANAGED_BY]: SELF };
  return listAt(endpoints, "subsets").flatMap((subset) =>
    ["IPv4", "IPv6"].flatMap((family) => {
      const entries = [...entriesOf(subset, "addresses", family), ...entriesOf(subset, "notReadyAddresses", family)];
      if (entries.length === 0) return [];
      const ports = listAt(subset, "ports").map((port) => ({ name: "", ...objectAt({ port }, "port") }));
      return [
        {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: { labels, namespace: namespaceOf(endpoints), ownerReferences: [ownerReference(endpoints)] },
          addressType: family,
          endpoints: entries,
          ports,
        },
      ];
    }),
  );
}

function entriesOf(subset: Json, list: string, family: string): JsonObject[] {
  return listAt(subset, list).flatMap((entry) => {
    const address = textAt(entry, "ip") ?? "";
    if (isIPv6(address) !== (family === "IPv6")) return [];
    const targetRef = objectAt(entry, "targetRef");
    const nodeName = textAt(entry, "nodeName");
    return [
      {
        addresses: [address],
        conditions: { ready: list === "addresses" },
        ...(Object.keys(targetRef).length === 0 ? {} : { targetRef }),
        ...(nodeName === undefined ? {} : { nodeName }),
      },
    ];
  });
}

function write(resources: ServedResources, existing: readonly KubeObject[], wanted: readonly JsonObject[]): void {
  const storage = resources.storage(SLICES);
  const free = [...existing];
  for (const slice of wanted) {
    const place = free.findIndex((one) => one["addressType"] === slice["addressType"]);
    const [known] = place === -1 ? [] : free.splice(place, 1);
    const metadata = objectAt(slice, "metadata");
    if (known === undefined) {
      const name = textAt(metadata, "labels", SERVICE_NAME) ?? "";
      const body = { ...slice, metadata: { ...metadata, generateName: `${name}-` } };
      storage.create(textAt(metadata, "namespace") ?? "", body, WRITE);
      continue;
    }
    const body = { ...known, ...slice, metadata: { ...known.metadata, ...metadata } };
    storage.update({ namespace: namespaceOf(known), name: nameOf(known) }, body, "", WRITE);
  }
  for (const slice of free) {
    storage.delete({ namespace: namespaceOf(slice), name: nameOf(slice) }, { dryRun: false });
  }
}
