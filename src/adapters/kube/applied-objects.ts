/**
 * Objects that one field manager applies: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * @module
 */
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { resourceOf } from "./installed-resources.ts";
import { type KubeObject, pathOf } from "./kube-resource.ts";

/** An object by its place. */
export interface PlacedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** How objects are applied. */
export interface ApplyHow {
  readonly fieldManager: string;
  /** Whether fields of other managers are taken over. */
  readonly force: boolean;
  /** Whether only to ask what would come of it. */
  readonly dryRun?: boolean;
}

/** How a person names an object: `Deployment tandem-system/tandem-gateway`. */
export function describeObject({ kind, metadata }: PlacedObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

/**
 * Applies an object; unknown fields are refused.
 * @throws KubeError of reason Conflict, with a cause a field, when another manager owns what it would change
 */
export async function applyObject(
  client: KubeClient,
  object: PlacedObject,
  { fieldManager, force, dryRun }: ApplyHow,
): Promise<KubeObject> {
  return await client.request<KubeObject>({
    method: "PATCH",
    path: placeOf(object),
    query: { fieldManager, force, fieldValidation: "Strict", dryRun: dryRun === true ? "All" : undefined },
    body: object,
    bodyType: "application/apply-patch+yaml",
  });
}

/** An object as it is; undefined when there is none, or nobody serves its kind. @throws KubeError */
export async function readObject(client: KubeClient, object: PlacedObject): Promise<KubeObject | undefined> {
  try {
    return await client.request<KubeObject>({ method: "GET", path: placeOf(object) });
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

/** Deletes an object, and what it owns after it. Gives false when there was none. @throws KubeError */
export async function deleteObject(client: KubeClient, object: PlacedObject): Promise<boolean> {
  try {
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
    await client.request({ method: "DELETE", path: placeOf(object), body });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}

/** Who has applied an object or written into it, by the names of the managers. */
export function managersOf({ metadata }: KubeObject): readonly string[] {
  const fields = (metadata["managedFields"] ?? []) as readonly { readonly manager?: string }[];
  return [...new Set(fields.flatMap(({ manager }) => manager ?? []))];
}

function placeOf(object: PlacedObject): string {
  const { name, namespace } = object.metadata;
  return pathOf(resourceOf(object), { namespace, name });
}
