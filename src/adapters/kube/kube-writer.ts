import type { TakeoverChange, TakeoverResource } from "../../model/takeover.ts";
import type { ClusterWriter, WriteOutcome } from "../../ports/cluster-writer.ts";
import type { KubeClient, KubeRequest } from "./kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "./kube-resource.ts";
import { outcomeOf } from "./write-outcome.ts";

/** How long a write may take, in milliseconds: a leader that waits longer may be none any more. */
const WRITE_TIMEOUT_MS = 2_000;

/** When a writer writes, and who hears of it. */
export interface KubeWriterHow {
  /** Asked right before each request: whoever was paused may not be the leader any more. */
  mayWrite(): boolean;
  /** What an object is after a write. */
  written(resource: TakeoverResource, object: KubeObject): void;
}

/** Changes as requests to an API server, each on the condition that what it was worked out from is still so. */
export class KubeWriter implements ClusterWriter {
  readonly #client: KubeClient;
  readonly #fieldManager: string;
  readonly #how: KubeWriterHow;

  constructor(client: KubeClient, fieldManager: string, how: KubeWriterHow) {
    this.#client = client;
    this.#fieldManager = fieldManager;
    this.#how = how;
  }

  async write(namespace: string, change: TakeoverChange): Promise<WriteOutcome> {
    if (!this.#how.mayWrite()) return { became: "outdated", message: "another replica leads" };
    try {
      const answer = await this.#client.request<KubeObject>(this.#requestOf(namespace, change));
      if (change.do !== "delete") this.#how.written(change.resource, answer);
      return { became: "written" };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  #requestOf(namespace: string, change: TakeoverChange): KubeRequest {
    const resource = KUBE_RESOURCES[change.resource];
    const query = { fieldManager: this.#fieldManager };
    const timeoutMs = WRITE_TIMEOUT_MS;
    if (change.do === "create")
      return { method: "POST", path: pathOf(resource, { namespace }), query, body: change.object, timeoutMs };
    const path = pathOf(resource, { namespace, name: change.name });
    if (change.do === "delete")
      return { method: "DELETE", path, body: { preconditions: { uid: change.uid } }, timeoutMs };
    const { metadata } = change.patch;
    const body = {
      ...change.patch,
      metadata: { ...(metadata as object | undefined), resourceVersion: change.resourceVersion },
    };
    return { method: "PATCH", path, query, body, bodyType: "application/merge-patch+json", timeoutMs };
  }
}
