/**
 * What there is of a Service and of what Tandem made for it, read from the API server alone.
 * @module
 */
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";
import { readObject } from "../../../adapters/kube/read-object.ts";
import { MANAGED_BY_LABEL, SELECTOR_ANNOTATION } from "../../../core/takeover/gateway-slice.ts";
import { SLICE_MANAGER } from "../../../core/takeover/marks.ts";
import { originName } from "../../../core/takeover/origin.ts";
import { kubernetesSlices, readyEndpoints } from "../../../core/takeover/returned.ts";
import { isHeld } from "../../../core/takeover/selector.ts";
import { SERVICE_NAME_LABEL } from "../../../model/kinds/index.ts";
import { ORIGIN_LABEL } from "../../../model/origin.ts";
import { type ServiceKey, serviceKey } from "../../../model/service-key.ts";
import { ClusterService, ClusterSlice, type TakeoverView } from "../../../model/takeover.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

const OUR_SLICES = `${MANAGED_BY_LABEL}=${SLICE_MANAGER}`;

/** A Service, and what was made for it. */
export type ServiceTraces = Pick<TakeoverView, "service" | "origin" | "gatewaySlices">;

/**
 * Reads a Service and what was made for it.
 * @throws KubeError
 */
export async function readTraces(client: KubeClient, key: ServiceKey): Promise<ServiceTraces> {
  const [namespace, name] = splitKey(key);
  const [service, origin, gatewaySlices] = await Promise.all([
    readObject(client, KUBE_RESOURCES.services, { namespace, name }),
    readObject(client, KUBE_RESOURCES.services, { namespace, name: originName(name) }),
    readSlices(client, namespace, `${SERVICE_NAME_LABEL}=${name},${OUR_SLICES}`),
  ]);
  return { service: parsedService(service), origin: parsedService(origin), gatewaySlices };
}

/**
 * Whether Kubernetes' own slices of a Service have as many ready endpoints as its origin's.
 * @throws KubeError
 */
export async function hasOwnEndpoints(client: KubeClient, key: ServiceKey): Promise<boolean> {
  const [namespace, name] = splitKey(key);
  const [own, origins] = await Promise.all(
    [name, originName(name)].map((of) => readSlices(client, namespace, kubernetesSlices(of))),
  );
  return readyEndpoints(own ?? []) >= readyEndpoints(origins ?? []);
}

/**
 * Services at which there is something of Tandem's, whether they are there themselves or not.
 * @param namespace all when absent
 * @throws KubeError
 */
export async function findTraces(client: KubeClient, namespace: string | undefined): Promise<readonly ServiceKey[]> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const [services, slices] = await Promise.all([
    listPages(client, KUBE_RESOURCES.services, { namespace }, signal),
    listPages(client, KUBE_RESOURCES.endpointSlices, { namespace, labelSelector: OUR_SLICES }, signal),
  ]);
  const found = [
    ...services.objects.flatMap(tracedBy),
    ...slices.objects.flatMap((slice) => sibling(slice, SERVICE_NAME_LABEL)),
  ];
  return [...new Set(found)].sort();
}

function tracedBy(service: KubeObject): readonly ServiceKey[] {
  const { name, namespace = "", labels, annotations } = service.metadata;
  if (labels?.[ORIGIN_LABEL] !== undefined) return sibling(service, ORIGIN_LABEL);
  const { selector } = (service["spec"] ?? {}) as { readonly selector?: Readonly<Record<string, string>> };
  return isHeld(selector) || annotations?.[SELECTOR_ANNOTATION] !== undefined ? [serviceKey(namespace, name)] : [];
}

function sibling({ metadata }: KubeObject, label: string): readonly ServiceKey[] {
  const name = metadata.labels?.[label];
  return name === undefined ? [] : [serviceKey(metadata.namespace ?? "", name)];
}

async function readSlices(
  client: KubeClient,
  namespace: string,
  labelSelector: string,
): Promise<readonly ClusterSlice[]> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const { objects } = await listPages(client, KUBE_RESOURCES.endpointSlices, { namespace, labelSelector }, signal);
  return objects.map((object) => ClusterSlice.parse(object));
}

function parsedService(object: KubeObject | undefined): ClusterService | undefined {
  return object === undefined ? undefined : ClusterService.parse(object);
}

/** Namespace and name of a key. */
export function splitKey(key: ServiceKey): readonly [namespace: string, name: string] {
  const [namespace = "", name = ""] = key.split("/");
  return [namespace, name];
}
