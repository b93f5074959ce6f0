/**
 * Quotas of namespaces: a pod that would exceed one is not created. https://kubernetes.io/docs/concepts/policy/resource-quotas/
 * @module
 */
import type { Pod } from "../../../model/snapshot/pod.ts";
import type { ResourceQuota } from "../../../model/snapshot/quota.ts";
import { podRequests } from "../../scheduling/pod-requests.ts";
import { parseMilli } from "../../scheduling/quantity.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";

/** How often the quota controller counts everything anew. */
export const QUOTA_SYNC_MS = 300_000;

/** Whether quotas let a pod be created, by what is there at that moment. */
export class PodQuota {
  readonly #cluster: LiveCluster;
  readonly #quotas: ReadonlyMap<string, readonly ResourceQuota[]>;
  readonly #deletedMs = new Map<LivePod, number>();

  constructor(cluster: LiveCluster) {
    this.#cluster = cluster;
    this.#quotas = Map.groupBy(
      cluster.snapshot.resourceQuotas.filter(
        ({ spec }) => spec.scopes.length === 0 && spec.scopeSelector === undefined,
      ),
      ({ metadata }) => metadata.namespace,
    );
  }

  /** A pod is being deleted. */
  podDeleted(pod: LivePod): void {
    this.#deletedMs.set(pod, this.#cluster.now);
  }

  /** The quota that refuses a pod, as `<namespace>/<name>`; undefined where none does. */
  refusalOf(pod: Pod): string | undefined {
    const quotas = this.#quotas.get(pod.metadata.namespace) ?? [];
    const wanted = chargesOf(pod);
    const refusing = quotas.find(({ spec }) =>
      Object.entries(spec.hard).some(([resource, hard]) => {
        const charge = wanted(resource);
        if (charge === 0) return false;
        return this.#used(pod.metadata.namespace, resource) + charge > (parseMilli(hard) ?? Number.POSITIVE_INFINITY);
      }),
    );
    return refusing === undefined ? undefined : `${refusing.metadata.namespace}/${refusing.metadata.name}`;
  }

  #used(namespace: string, resource: string): number {
    let used = 0;
    for (const pod of this.#cluster.pods)
      if (pod.form.namespace === namespace && this.#counts(pod)) used += chargesOf(pod.form.pod)(resource);
    return used;
  }

  /** One that should have ended long ago, on a node that is lost, is left out when everything is counted the next time. */
  #counts(pod: LivePod): boolean {
    const deletedMs = this.#deletedMs.get(pod);
    if (deletedMs === undefined) return true;
    const stuckMs = deletedMs + 2 * pod.form.pod.spec.terminationGracePeriodSeconds * 1000;
    return Math.ceil(stuckMs / QUOTA_SYNC_MS) * QUOTA_SYNC_MS > this.#cluster.now;
  }
}

/** What a pod takes of a resource of a quota, in thousandths. Limits and what is no pod's are not counted. */
function chargesOf(pod: Pod): (resource: string) => number {
  let requests: ReadonlyMap<string, number> | undefined;
  return (resource) => {
    if (resource === "pods" || resource === "count/pods") return 1000;
    requests ??= podRequests(pod);
    return requests.get(resource.replace(/^requests\./, "")) ?? 0;
  };
}
