/**
 * An object of a case in a cluster: created, with its status, and on its way out if it is to be.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { KubeClient } from "../../../src/adapters/kube/kube-client.ts";
import { type KubeObject, pathOf } from "../../../src/adapters/kube/kube-resource.ts";
import type { Manifest } from "../scheduler-case.ts";
import { HOLDING_FINALIZER, resourceOf } from "./own-objects.ts";

/**
 * Returns the object as the API server has it.
 * @param label what an object without a namespace is known by
 * @throws KubeError
 */
export async function makeObject(
  client: KubeClient,
  object: Manifest,
  label: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  const resource = resourceOf(object);
  const { deletionTimestamp, ...metadata } = object.metadata;
  const isLeaving = deletionTimestamp !== undefined;
  const body = {
    ...object,
    metadata: {
      ...metadata,
      ...(resource.namespaced ? {} : { labels: { ...metadata.labels, ...label } }),
      ...(isLeaving ? { finalizers: [HOLDING_FINALIZER] } : {}),
    },
  };
  const namespace = metadata.namespace;
  const place = { namespace, name: metadata.name };
  let made = await client.request<KubeObject>({ method: "POST", path: pathOf(resource, { namespace }), body });
  if (resource.status && !hasStatus(made, object.status))
    made = await client.request<KubeObject>({
      method: "PATCH",
      path: pathOf(resource, { ...place, subresource: "status" }),
      body: { status: object.status },
      bodyType: "application/merge-patch+json",
    });
  const { apiVersion, kind } = object;
  if (!isLeaving) return { ...made, apiVersion, kind };
  const left = await client.request<KubeObject>({ method: "DELETE", path: pathOf(resource, place) });
  const since = left.metadata.deletionTimestamp ?? deletionTimestamp;
  return { ...made, apiVersion, kind, metadata: { ...made.metadata, deletionTimestamp: since } };
}

/** Whether it says all of that already. */
function hasStatus(made: KubeObject, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return true;
  const present = (made["status"] ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([field, value]) => isDeepStrictEqual(present[field], value));
}
