/**
 * Services as doctors look at them, from what the API server gives.
 * @module
 */
import { z } from "zod";
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { SELECTOR_ANNOTATION } from "../../../core/takeover/gateway-slice.ts";
import { HELD_KEY, isHeld } from "../../../core/takeover/selector.ts";
import type { ServicePicture } from "../../../model/doctor.ts";
import type { Namespace } from "../../../model/network-policy.ts";
import { ORIGIN_LABEL } from "../../../model/origin.ts";
import { type ServiceKey, serviceKey } from "../../../model/service-key.ts";
import type { PolicyTargets } from "../cluster/pause-policies.ts";

/** What they are made from. */
export interface ServiceSources {
  readonly services: readonly KubeObject[];
  /** EndpointSlices of origins. */
  readonly originSlices: readonly KubeObject[];
  readonly policies: readonly PolicyTargets[];
  readonly namespaceOf: (name: string) => Namespace;
}

const Selected = z.looseObject({
  spec: z.looseObject({ selector: z.record(z.string(), z.string()).nullish() }).default({}),
});

const ManagedFields = z.array(
  z
    .looseObject({
      manager: z.string().default(""),
      fieldsV1: z.looseObject({ "f:spec": z.looseObject({ "f:selector": z.looseObject({}) }) }),
    })
    .nullable()
    .catch(null),
);

const Zoned = z.looseObject({
  endpoints: z
    .array(
      z.looseObject({
        zone: z.string().nullish(),
        conditions: z.looseObject({ ready: z.boolean().nullish() }).default({}),
      }),
    )
    .nullish(),
});

/** Services at which there is something of Tandem's, or that a policy targets. */
export function servicePictures({
  services,
  originSlices,
  policies,
  namespaceOf,
}: ServiceSources): readonly ServicePicture[] {
  const origins = new Map<ServiceKey, KubeObject>();
  for (const service of services) {
    const of = originOf(service);
    if (of !== undefined) origins.set(of, service);
  }
  const targeted = new Set(policies.flatMap((policy) => policy.services));
  const zones = zonesOf(originSlices);
  return services.flatMap((service): ServicePicture[] => {
    const { name, namespace = "", annotations } = service.metadata;
    const key = serviceKey(namespace, name);
    const origin = origins.get(key);
    const selector = selectorOf(service);
    const held = isHeld(selector);
    const hasCopy = annotations?.[SELECTOR_ANNOTATION] !== undefined;
    if (originOf(service) !== undefined || !(targeted.has(key) || origin !== undefined || held || hasCopy)) return [];
    return [
      {
        key,
        held,
        selectorKeys: Object.keys(selector).filter((one) => one !== HELD_KEY),
        hasCopy,
        selectorManagers: selectorManagers(service),
        hasPolicy: targeted.has(key),
        namespace: namespaceOf(namespace),
        podLabels: origin === undefined ? selector : selectorOf(origin),
        zones: zones.get(key) ?? [],
      },
    ];
  });
}

function originOf({ metadata }: KubeObject): ServiceKey | undefined {
  const of = metadata.labels?.[ORIGIN_LABEL];
  return of === undefined ? undefined : serviceKey(metadata.namespace ?? "", of);
}

function selectorOf(service: KubeObject): Readonly<Record<string, string>> {
  return Selected.safeParse(service).data?.spec.selector ?? {};
}

/** Who else wrote the selector last: it is one value, whoever sets it owns all of it. */
function selectorManagers({ metadata }: KubeObject): readonly string[] {
  const entries = ManagedFields.safeParse(metadata["managedFields"]).data ?? [];
  const managers = entries.flatMap((entry) => (entry === null ? [] : [entry.manager]));
  return [...new Set(managers)].filter((manager) => !manager.startsWith("tandem"));
}

function zonesOf(slices: readonly KubeObject[]): ReadonlyMap<ServiceKey, readonly (string | undefined)[]> {
  const zones = new Map<ServiceKey, (string | undefined)[]>();
  for (const slice of slices) {
    const key = originOf(slice);
    if (key === undefined) continue;
    const ready = (Zoned.safeParse(slice).data?.endpoints ?? []).filter(({ conditions }) => conditions.ready !== false);
    zones.set(key, [...(zones.get(key) ?? []), ...ready.map(({ zone }) => zone ?? undefined)]);
  }
  return zones;
}
