import { deleteObject, describeObject } from "../../../adapters/kube/applied-objects.ts";
import type { KubeClient } from "../../../adapters/kube/kube-client.ts";
import type { KubeObject } from "../../../adapters/kube/kube-resource.ts";

/** Deletes objects one after the other, and gives those that were there, as people name them. @throws KubeError */
export async function removeObjects(client: KubeClient, objects: readonly KubeObject[]): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const object of objects) if (await deleteObject(client, object)) removed.push(describeObject(object));
  return removed;
}
