/**
 * What is known of a Service's pods: their labels, and their readiness probe as a check for policies that have none. Read
 * now and then, never while a decision waits.
 * @module
 */
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../adapters/kube/kube-resource.ts";
import { readinessCheck } from "../../core/takeover/readiness-check.ts";
import type { Selector } from "../../core/takeover/selector.ts";
import type { HealthCheck } from "../../model/kinds/index.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import { ClusterPod } from "../../model/takeover.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";

/** How old what is known may be before pods are looked at again, in milliseconds. */
const FRESH_MS = 60_000;

/** How many pods are looked at: they are most often all the same. */
const MOST_PODS = 3;

/** Where pods are read, and who hears of it. */
export interface PodSampleSources {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is known of the pods of a Service is something else than before. */
  changed(service: ServiceKey): void;
}

/** What some pods of a Service have. */
export interface PodSample {
  /** Of the first pod. */
  readonly labels: Selector | undefined;
  /** Undefined where pods have no probe that gateways could do. */
  readonly check: HealthCheck | undefined;
}

const NOTHING: PodSample = { labels: undefined, check: undefined };

/** What is known of the pods, by Service. */
export class PodSamples {
  readonly #sources: PodSampleSources;
  readonly #known = new Map<ServiceKey, { readonly readAt: number; readonly sample: PodSample }>();
  readonly #reading = new Set<ServiceKey>();

  constructor(sources: PodSampleSources) {
    this.#sources = sources;
  }

  /** As far as it is known; asks when that is long ago. */
  of(service: ServiceKey, selector: Selector): PodSample {
    const known = this.#known.get(service);
    const isFresh = known !== undefined && this.#sources.clock.now() - known.readAt < FRESH_MS;
    if (!isFresh && !this.#reading.has(service) && Object.keys(selector).length > 0) void this.#read(service, selector);
    return known?.sample ?? NOTHING;
  }

  /** Fulfilled once it is known of a Service what can be: for what is done before anything depends on it. */
  async first(service: ServiceKey, selector: Selector): Promise<void> {
    if (!this.#known.has(service) && Object.keys(selector).length > 0) await this.#read(service, selector);
  }

  async #read(service: ServiceKey, selector: Selector): Promise<void> {
    const { client, clock, log } = this.#sources;
    const [namespace = ""] = service.split("/");
    const labelSelector = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    this.#reading.add(service);
    const before = this.#known.get(service)?.sample ?? NOTHING;
    try {
      const path = pathOf(KUBE_RESOURCES.pods, { namespace });
      const query = { labelSelector, limit: MOST_PODS };
      const { items } = await client.request<{ readonly items: readonly KubeObject[] }>({ method: "GET", path, query });
      const pods = items.flatMap((pod) => ClusterPod.safeParse(pod).data ?? []);
      const [first] = pods;
      // With no pod there nothing is known that was not before.
      const sample = first === undefined ? before : { labels: first.metadata.labels, check: readinessCheck(pods) };
      this.#known.set(service, { readAt: clock.now(), sample });
      if (JSON.stringify(sample) !== JSON.stringify(before)) this.#sources.changed(service);
    } catch (error) {
      log.warn("pods_not_read", { service, error: String(error) });
      this.#known.set(service, { readAt: clock.now(), sample: before });
    } finally {
      this.#reading.delete(service);
    }
  }
}
