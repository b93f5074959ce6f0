import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { type KubeObject, type KubePlace, type KubeResource, pathOf } from "./kube-resource.ts";

/**
 * An object as it is now; undefined when there is none, or no such kind.
 * @throws KubeError
 */
export async function readObject(
  client: KubeClient,
  resource: KubeResource,
  place: KubePlace,
): Promise<KubeObject | undefined> {
  return await ifThere(client.request<KubeObject>({ method: "GET", path: pathOf(resource, place) }));
}

/**
 * What an API server answers; undefined when that is that there is none.
 * @throws KubeError
 */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}
