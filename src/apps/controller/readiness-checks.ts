/**
 * Checks for Services whose policy has none: their pods' readiness probes. Read now and then, never while a decision waits.
 * @module
 */
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../adapters/kube/kube-resource.ts";
import { readinessCheck } from "../../core/takeover/readiness-check.ts";
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
export interface ReadinessSources {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** The check of a Service is known now, or is another one. */
  changed(service: ServiceKey): void;
}

/** What is known of the pods' probes, by Service. */
export class ReadinessChecks {
  readonly #sources: ReadinessSources;
  readonly #known = new Map<ServiceKey, { readonly readAt: number; readonly check: HealthCheck | undefined }>();
  readonly #reading = new Set<ServiceKey>();

  constructor(sources: ReadinessSources) {
    this.#sources = sources;
  }

  /** The check as far as it is known; undefined while it is not, and where pods have none. */
  of(service: ServiceKey, selector: Readonly<Record<string, string>>): HealthCheck | undefined {
    const known = this.#known.get(service);
    const isFresh = known !== undefined && this.#sources.clock.now() - known.readAt < FRESH_MS;
    if (!isFresh && !this.#reading.has(service) && Object.keys(selector).length > 0) void this.#read(service, selector);
    return known?.check;
  }

  /** Fulfilled once it is known of a Service what can be: for what is done before anything depends on it. */
  async first(service: ServiceKey, selector: Readonly<Record<string, string>>): Promise<void> {
    if (!this.#known.has(service) && Object.keys(selector).length > 0) await this.#read(service, selector);
  }

  async #read(service: ServiceKey, selector: Readonly<Record<string, string>>): Promise<void> {
    const { client, clock, log } = this.#sources;
    const [namespace = ""] = service.split("/");
    const labelSelector = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    this.#reading.add(service);
    const before = this.#known.get(service);
    try {
      const path = pathOf(KUBE_RESOURCES.pods, { namespace });
      const query = { labelSelector, limit: MOST_PODS };
      const { items } = await client.request<{ readonly items: readonly KubeObject[] }>({ method: "GET", path, query });
      const pods = items.flatMap((pod) => ClusterPod.safeParse(pod).data ?? []);
      // With no pod there nothing is known that was not before.
      const check = pods.length === 0 ? before?.check : readinessCheck(pods);
      this.#known.set(service, { readAt: clock.now(), check });
      if (JSON.stringify(check) !== JSON.stringify(before?.check)) this.#sources.changed(service);
    } catch (error) {
      log.warn("pods_not_read", { service, error: String(error) });
      this.#known.set(service, { readAt: clock.now(), check: before?.check });
    } finally {
      this.#reading.delete(service);
    }
  }
}
