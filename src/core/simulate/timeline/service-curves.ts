import { type LiveCluster, type LivePod, type PodService, serviceOf } from "./live-cluster.ts";

/** How a Service stands from a moment on. */
export interface CurvePoint {
  readonly atMs: number;
  /** Pods that are ready, on nodes that work. */
  readonly replicas: number;
  /** Pods on lost nodes that still get its requests. */
  readonly stale: number;
}

/** What becomes of all Services: how many pods each has over time. */
export class ServiceCurves {
  readonly #curves: CurvePoint[][];
  readonly #before: readonly number[];

  /** Begins with what the cluster has at this moment. */
  constructor(cluster: LiveCluster) {
    this.#curves = cluster.snapshot.services.map(() => [{ atMs: 0, replicas: 0, stale: 0 }]);
    for (const pod of cluster.pods) {
      const isAlive = cluster.nodes.get(pod.node ?? "")?.isAlive ?? false;
      this.#count(pod, 0, { now: serviceOf(pod, isAlive), before: "none" });
    }
    this.#before = this.#curves.map((curve) => curve.at(-1)?.replicas ?? 0);
  }

  /** Replicas before anything happened, by the position of the Service. */
  before(): readonly number[] {
    return this.#before;
  }

  /** A pod serves from now on, or does not any more. */
  changed(pod: LivePod, atMs: number, change: ServiceChange): void {
    this.#count(pod, atMs, change);
  }

  /** By the position of the Service, from the moment of the loss on. */
  curves(): readonly (readonly CurvePoint[])[] {
    return this.#curves;
  }

  #count({ seed }: LivePod, atMs: number, { now, before }: ServiceChange): void {
    for (const index of seed.services) {
      const curve = this.#curves[index];
      const last = curve?.at(-1);
      if (curve === undefined || last === undefined) continue;
      const point = {
        atMs,
        replicas: last.replicas + Number(now === "serves") - Number(before === "serves"),
        stale: last.stale + Number(now === "stale") - Number(before === "stale"),
      };
      if (last.atMs === atMs) curve[curve.length - 1] = point;
      else curve.push(point);
    }
  }
}

interface ServiceChange {
  readonly now: PodService;
  readonly before: PodService;
}
