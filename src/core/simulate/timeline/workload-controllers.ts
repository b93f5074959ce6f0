/**
 * What makes pods anew: ReplicaSets at once, StatefulSets when the object of the old pod is gone, Jobs as they say, DaemonSets
 * and nobody's pods never.
 * @module
 */
import type { Job } from "../../../model/snapshot/batch.ts";
import type { Pod } from "../../../model/snapshot/pod.ts";
import type { StatefulSet } from "../../../model/snapshot/workload.ts";
import { replacementOf } from "../after-loss.ts";
import type { LiveCluster, LivePod } from "./live-cluster.ts";
import { PodQuota, QUOTA_SYNC_MS } from "./pod-quota.ts";
import type { PodSeed } from "./pod-seed.ts";
import { CONTROLLER_LIMIT, RequestLimit } from "./request-limit.ts";
import { belongsToNode } from "./taint-eviction.ts";

/** How a Job waits after its first failed pod, and at most. */
const JOB_BACKOFF_MS = 10_000;
const LONGEST_JOB_BACKOFF_MS = 600_000;

/** A pod that is to be made. */
interface Wanted {
  readonly seed: PodSeed;
  readonly pod: Pod;
  readonly replaces: string;
}

/** All controllers that make pods. */
export class WorkloadControllers {
  readonly #cluster: LiveCluster;
  readonly #quota: PodQuota;
  readonly #limits = new Map<string, RequestLimit>();
  readonly #replaced = new Set<LivePod>();
  readonly #statefulSets: ReadonlyMap<string, StatefulSet>;
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #failures = new Map<string, number>();
  /** Pods of StatefulSets whose object is gone, by workload. */
  readonly #missing = new Map<string, LivePod[]>();
  readonly #members: ReadonlyMap<string, Set<LivePod>>;
  readonly #refused: Wanted[] = [];

  constructor(cluster: LiveCluster) {
    this.#cluster = cluster;
    this.#quota = new PodQuota(cluster);
    const { statefulSets, jobs } = cluster.snapshot;
    this.#statefulSets = new Map(statefulSets.map((set) => [`StatefulSet ${keyOf(set.metadata)}`, set]));
    this.#jobs = new Map(jobs.map((job) => [`Job ${keyOf(job.metadata)}`, job]));
    const stateful = [...cluster.pods].filter(({ seed }) => seed.owner?.kind === "StatefulSet");
    this.#members = new Map(
      [...Map.groupBy(stateful, ({ seed }) => seed.workload)].map(([workload, pods]) => [workload, new Set(pods)]),
    );
    // Those that are being deleted at the start were replaced when that began.
    for (const pod of cluster.pods) if (pod.isTerminating) this.#replaced.add(pod);
    if (cluster.snapshot.resourceQuotas.length > 0) this.#recountQuota();
  }

  /** Fills workloads up to the least that their autoscalers keep: with or without a loss. */
  start(): void {
    for (const { metadata, spec } of this.#cluster.snapshot.horizontalPodAutoscalers) {
      const pods = this.#podsOfTarget(metadata.namespace, spec.scaleTargetRef);
      const [model] = pods;
      for (let count = pods.length; model !== undefined && count < spec.minReplicas; count += 1)
        this.#want({
          seed: model.seed,
          pod: replacementOf(model.form.pod, `-scaled-${count + 1}`),
          replaces: model.key,
        });
    }
  }

  podDeleted(pod: LivePod): void {
    this.#quota.podDeleted(pod);
    const kind = pod.seed.owner?.kind;
    if (kind === undefined || belongsToNode(kind) || kind === "StatefulSet") return;
    if (kind === "Job" && replacesOnlyEnded(this.#jobs.get(pod.seed.workload))) return;
    this.#replace(pod);
  }

  podGone(pod: LivePod): void {
    const { owner, workload } = pod.seed;
    if (owner === undefined || belongsToNode(owner.kind)) {
      this.#retryRefused();
      return;
    }
    if (owner.kind === "StatefulSet") {
      this.#members.get(workload)?.delete(pod);
      const missing = this.#missing.get(workload);
      if (missing === undefined) this.#missing.set(workload, [pod]);
      else missing.push(pod);
      this.#continueStatefulSet(workload);
    } else this.#replace(pod);
    this.#retryRefused();
  }

  podReady({ seed }: LivePod): void {
    if (this.#missing.has(seed.workload)) this.#continueStatefulSet(seed.workload);
  }

  /** In order, each only once all before it are ready, unless the set says that order does not matter. */
  #continueStatefulSet(workload: string): void {
    const missing = (this.#missing.get(workload) ?? []).toSorted((one, other) => ordinalOf(one) - ordinalOf(other));
    const isParallel = this.#statefulSets.get(workload)?.spec.podManagementPolicy === "Parallel";
    const present = [...(this.#members.get(workload) ?? [])];
    while (missing.length > 0) {
      const [next] = missing;
      if (next === undefined) break;
      const mustWait = present.some(
        (pod) => ordinalOf(pod) < ordinalOf(next) && (pod.isTerminating || !pod.isReady) && !isParallel,
      );
      if (mustWait || (!isParallel && this.#beingMade.has(workload))) break;
      missing.shift();
      if (!isParallel) this.#beingMade.add(workload);
      this.#want({ seed: next.seed, pod: replacementOf(next.form.pod, ""), replaces: next.replaces });
    }
    this.#missing.set(workload, missing);
  }

  /** StatefulSets that wait for the pod that they make. */
  readonly #beingMade = new Set<string>();

  #replace(pod: LivePod): void {
    if (this.#replaced.has(pod)) return;
    this.#replaced.add(pod);
    const wanted = { seed: pod.seed, pod: replacementOf(pod.form.pod), replaces: pod.replaces };
    if (pod.seed.owner?.kind !== "Job") {
      this.#want(wanted);
      return;
    }
    const job = this.#jobs.get(pod.seed.workload);
    const failures = (this.#failures.get(pod.seed.workload) ?? job?.status.failed ?? 0) + 1;
    this.#failures.set(pod.seed.workload, failures);
    if (failures > (job?.spec.backoffLimit ?? 6)) return;
    const waitMs = Math.min(JOB_BACKOFF_MS * 2 ** (failures - 1), LONGEST_JOB_BACKOFF_MS);
    this.#cluster.queue.at(this.#cluster.now + waitMs, () => this.#want(wanted));
  }

  #want(wanted: Wanted): void {
    const kind = wanted.seed.owner?.kind ?? "";
    const limit = this.#limits.get(kind) ?? new RequestLimit(CONTROLLER_LIMIT);
    this.#limits.set(kind, limit);
    this.#cluster.queue.at(limit.take(this.#cluster.now), () => {
      if (!this.#create(wanted)) this.#refused.push(wanted);
    });
  }

  #create(wanted: Wanted): boolean {
    const refusal = this.#quota.refusalOf(wanted.pod);
    if (refusal !== undefined) {
      this.#cluster.log.add("replacement refused by quota", this.#cluster.now, `${wanted.replaces} by ${refusal}`);
      return false;
    }
    this.#cluster.log.add("replacement created", this.#cluster.now, wanted.replaces);
    const created = this.#cluster.createPod(wanted.seed, wanted.pod, wanted.replaces);
    this.#members.get(wanted.seed.workload)?.add(created);
    this.#beingMade.delete(wanted.seed.workload);
    return true;
  }

  /** Replacements that quotas keep from being created, with the quota. */
  refused(): readonly { readonly replaces: string; readonly seed: PodSeed; readonly quota: string }[] {
    return this.#refused.map(({ replaces, seed, pod }) => ({
      replaces,
      seed,
      quota: this.#quota.refusalOf(pod) ?? "a quota",
    }));
  }

  #retryRefused(): void {
    if (this.#refused.length === 0) return;
    for (const wanted of this.#refused.splice(0)) if (!this.#create(wanted)) this.#refused.push(wanted);
  }

  #recountQuota(): void {
    this.#cluster.queue.at(this.#cluster.now + QUOTA_SYNC_MS, () => {
      this.#retryRefused();
      this.#recountQuota();
    });
  }

  #podsOfTarget(
    namespace: string,
    { kind, name }: { readonly kind: string; readonly name: string },
  ): readonly LivePod[] {
    const replicaSets = this.#cluster.snapshot.replicaSets
      .filter(({ metadata }) => metadata.ownerReferences.some((owner) => owner.controller && owner.name === name))
      .map(({ metadata }) => metadata.name);
    const owners = new Set(kind === "Deployment" ? replicaSets.map((own) => `ReplicaSet ${own}`) : [`${kind} ${name}`]);
    return [...this.#cluster.pods].filter(
      ({ form, seed, isTerminating }) =>
        form.namespace === namespace && !isTerminating && owners.has(`${seed.owner?.kind} ${seed.owner?.name}`),
    );
  }
}

function replacesOnlyEnded(job: Job | undefined): boolean {
  if (job === undefined) return false;
  const { podReplacementPolicy, podFailurePolicy } = job.spec;
  return (podReplacementPolicy ?? (podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed")) === "Failed";
}

function ordinalOf({ key }: LivePod): number {
  return Number(/-(\d+)$/.exec(key)?.[1] ?? 0);
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
