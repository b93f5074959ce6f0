import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import type { KubeObject, KubeResource } from "../../../adapters/kube/kube-resource.ts";
import { listPages } from "../../../adapters/kube/list-pages.ts";

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** Which objects. */
interface Where {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
}

/** Objects of a resource; undefined where this person may not read them, or the cluster has no such kind. @throws KubeError */
export async function readIfAllowed(
  client: KubeClient,
  resource: KubeResource,
  where: Where = {},
): Promise<readonly KubeObject[] | undefined> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  return await ifAllowed(listPages(client, resource, where, signal).then(({ objects }) => objects));
}

/** What an API server answers; undefined when that is a refusal, or that there is none. @throws KubeError */
export async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}

/** A resource that only doctors read. */
export function readOnly(group: string, plural: string, kind: string, namespaced: boolean): KubeResource {
  return { group, version: "v1", plural, kind, namespaced };
}
