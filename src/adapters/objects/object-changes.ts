import { type KindObject, SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { ObjectChanges } from "../../ports/object-store.ts";

/** What has to be looked at again after objects came, changed or went. */
export function changesOf(objects: readonly KindObject[]): ObjectChanges {
  return {
    services: new Set(objects.flatMap(servicesOf)),
    sites: objects.some((object) => object.kind === "Site"),
  };
}

/** Services that an object has to do with. */
function servicesOf(object: KindObject): ServiceKey[] {
  switch (object.kind) {
    case "Site":
      return [];
    case "FailoverPolicy":
      return object.spec.targetRefs.map((target): ServiceKey => `${object.metadata.namespace}/${target.name}`);
    case "Service":
      return [`${object.metadata.namespace}/${object.metadata.name}`];
    case "EndpointSlice":
      return [`${object.metadata.namespace}/${object.metadata.labels[SERVICE_NAME_LABEL] ?? ""}`];
    case "Switch":
      return [`${object.metadata.namespace}/${object.spec.targetRef.name}`];
  }
}
