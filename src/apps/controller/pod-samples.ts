/**
 * What is known of a Service's pods: their labels, and their readiness probe as a check for policies that have none. Read
 * now and then, never while a decision waits.
 * @module
 */
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../adapters/kube/kube-resource.ts";
import { readinessCheck } from "../../core/takeover/readiness-check.ts";
import { labelSelectorOf, type Selector } from "../../core/takeover/selector.ts";
import type { HealthCheck } from "../../model/kinds/index.ts";
import { namespaceOf, type ServiceKey } from "../../model/service-key.ts";
import { ClusterPod } from "../../model/takeover.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { Turnstile } from "../../runtime/turnstile.ts";

/** How often the pods of all Services that need it are looked at again, in milliseconds. */
const READ_EVERY_MS = 60_000;

/** Services whose pods are read at a time: what switches Services is not to wait for them. */
const MOST_READ_AT_A_TIME = 2;

/** How many pods are looked at: they are most often all the same. */
const MOST_PODS = 3;

/** Where pods are read, and who hears of it. */
export interface PodSampleSources {
  readonly client: KubeClient;
  /** What the pods of a Service are selected by; undefined when nobody needs to know of them any more. */
  selectorOf(service: ServiceKey): Selector | undefined;
  /** What is known of the pods of a Service is something else than before. */
  changed(service: ServiceKey): void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What some pods of a Service have. */
export interface PodSample {
  /** Of the first pod. */
  readonly labels: Selector | undefined;
  /** Null where pods have no probe that gateways could do; undefined while no pod is known. */
  readonly check: HealthCheck | null | undefined;
}

const NOTHING: PodSample = { labels: undefined, check: undefined };

/** What is known of the pods, by Service. */
export class PodSamples {
  readonly #sources: PodSampleSources;
  readonly #known = new Map<ServiceKey, PodSample>();
  readonly #reading = new Map<ServiceKey, Promise<void>>();
  readonly #turnstile = new Turnstile(MOST_READ_AT_A_TIME);
  #cancel: () => void = () => {};

  constructor(sources: PodSampleSources) {
    this.#sources = sources;
    this.#readLater();
  }

  /** As far as it is known; asks where it is not. */
  of(service: ServiceKey): PodSample {
    const known = this.#known.get(service);
    if (known === undefined) void this.#readOnce(service);
    return known ?? NOTHING;
  }

  /** Fulfilled once it is known of a Service what can be: for what is done before anything depends on it. */
  async first(service: ServiceKey): Promise<void> {
    if (!this.#known.has(service)) await this.#readOnce(service);
  }

  /** Reads no more. */
  close(): void {
    this.#cancel();
  }

  #readLater(): void {
    this.#cancel = this.#sources.clock.after(READ_EVERY_MS, () => {
      for (const service of this.#known.keys()) void this.#readOnce(service);
      this.#readLater();
    });
  }

  #readOnce(service: ServiceKey): Promise<void> {
    const known = this.#reading.get(service);
    if (known !== undefined) return known;
    const reading = this.#turnstile
      .pass(async () => {
        const selector = this.#sources.selectorOf(service);
        if (selector === undefined) this.#known.delete(service);
        else if (Object.keys(selector).length > 0) await this.#read(service, selector);
      })
      .finally(() => this.#reading.delete(service));
    this.#reading.set(service, reading);
    return reading;
  }

  async #read(service: ServiceKey, selector: Selector): Promise<void> {
    const { client, log } = this.#sources;
    const before = this.#known.get(service) ?? NOTHING;
    try {
      const path = pathOf(KUBE_RESOURCES.pods, { namespace: namespaceOf(service) });
      // What the server has in memory is new enough, and costs it no search of its database.
      const query = { labelSelector: labelSelectorOf(selector), limit: MOST_PODS, resourceVersion: "0" };
      const { items } = await client.request<{ readonly items: readonly KubeObject[] }>({ method: "GET", path, query });
      const pods = items.flatMap((pod) => ClusterPod.safeParse(pod).data ?? []);
      const [first] = pods;
      // With no pod there nothing is known that was not before.
      const sample =
        first === undefined ? before : { labels: first.metadata.labels, check: readinessCheck(pods) ?? null };
      this.#known.set(service, sample);
      if (JSON.stringify(sample) !== JSON.stringify(before)) this.#sources.changed(service);
    } catch (error) {
      log.warn("pods_not_read", { service, error: String(error) });
      this.#known.set(service, before);
    }
  }
}
