import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import { KubeError } from "../../../adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../adapters/kube/kube-resource.ts";
import { ERRORS, TandemError } from "../../../model/errors.ts";
import { nearestWord } from "../../../model/suggestion.ts";
import { readIfAllowed } from "./read-if-allowed.ts";

/**
 * Makes sure that namespaces exist which a person has named. Who may not read namespaces is not kept from anything else by
 * that, nor is anybody by an API server that does not answer this: the command itself will say so.
 * @throws TandemError NamespaceUnknown, with a name that may be meant
 */
export async function requireNamespaces(client: KubeClient, names: readonly (string | undefined)[]): Promise<void> {
  const named = [...new Set(names)].filter((name) => name !== undefined);
  const isThere = await Promise.all(named.map((name) => mayExist(client, name)));
  const missing = named.filter((_, index) => !isThere[index]);
  if (missing.length === 0) return;
  const known = ((await readIfAllowed(client, KUBE_RESOURCES.namespaces)) ?? []).map(({ metadata }) => metadata.name);
  const near = [...new Set(missing.flatMap((name) => nearestWord(name, known) ?? []))];
  const { remedy } = ERRORS.NamespaceUnknown;
  throw new TandemError("NamespaceUnknown", `the cluster has no namespace ${missing.join(", ")}`, {
    remedy: near.length === 0 ? remedy : `Did you mean ${near.join(", ")}? ${remedy}`,
  });
}

async function mayExist(client: KubeClient, name: string): Promise<boolean> {
  try {
    await client.request<KubeObject>({ method: "GET", path: pathOf(KUBE_RESOURCES.namespaces, { name }) });
    return true;
  } catch (error) {
    if (error instanceof KubeError) return error.status !== 404;
    throw error;
  }
}
