/**
 * The Services of a cluster that are switched, with what was made for them, followed; and what they are switched from.
 * @module
 */
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, keyOf, type KubeObject, type KubeResource } from "../../adapters/kube/kube-resource.ts";
import { listPages } from "../../adapters/kube/list-pages.ts";
import { type ReflectedChange, Reflector, type ReflectorSources } from "../../adapters/kube/reflector.ts";
import { MANAGED_BY_LABEL } from "../../core/takeover/gateway-slice.ts";
import { SLICE_MANAGER } from "../../core/takeover/marks.ts";
import { originName } from "../../core/takeover/origin.ts";
import { kubernetesSlices, LONGEST_RETURN_MS, readyEndpoints } from "../../core/takeover/returned.ts";
import { isHeld } from "../../core/takeover/selector.ts";
import { SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import { ORIGIN_LABEL } from "../../model/origin.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import { ClusterService, ClusterSlice, type TakeoverResource } from "../../model/takeover.ts";

/** Where Services come from, and which. */
interface ClusterServicesSources extends Omit<ReflectorSources, "resource" | "selection" | "keep"> {
  readonly client: KubeClient;
  /** Services that a policy targets. */
  isTargeted(service: ServiceKey): boolean;
  /** The origin of a Service came, changed or went. */
  originChanged(service: ServiceKey): void;
  /** Somebody else has taken an address out of a slice of ours. */
  takenOut(address: string): void;
  /** Something of a Service may have changed. */
  look(service: ServiceKey): void;
}

/** Services in memory: those that are targeted or have an origin, and no others. */
export class ClusterServices {
  readonly #sources: ClusterServicesSources;
  readonly #services: Reflector;
  readonly #slices: Reflector;
  readonly #withOrigin = new Set<ServiceKey>();
  readonly #slicesOf = new Map<ServiceKey, Map<string, KubeObject>>();
  #isLearning = false;
  readonly #returningSince = new Map<ServiceKey, number>();

  constructor(sources: ClusterServicesSources) {
    this.#sources = sources;
    this.#services = this.#follow(KUBE_RESOURCES.services, {
      keep: (key, object) =>
        isOrigin(object) || sources.isTargeted(key as ServiceKey) || this.#withOrigin.has(key as ServiceKey),
      serviceOf: (object) => (isOrigin(object) ? siblingKey(object, ORIGIN_LABEL) : keyOf(object)),
      taken: (key, { before, now }) => {
        const object = now ?? before;
        if (object === undefined || !isOrigin(object)) return;
        if (now === undefined) this.#withOrigin.delete(key);
        else this.#withOrigin.add(key);
        // Whoever read them in another order does not have the Service that it belongs to.
        if (now !== undefined) void this.include(key).catch(() => {});
        sources.originChanged(key);
      },
    });
    this.#slices = this.#follow(KUBE_RESOURCES.endpointSlices, {
      labelSelector: `${MANAGED_BY_LABEL}=${SLICE_MANAGER}`,
      serviceOf: (object) => siblingKey(object, SERVICE_NAME_LABEL),
      taken: (key, change) => this.#takeSlice(key, change),
    });
  }

  /**
   * Follows, and waits until everything has been read once. Of a Service that no policy targets its origin may be read
   * after it.
   * @throws KubeError
   */
  async open(): Promise<void> {
    this.#slices.start();
    this.#services.start();
    await Promise.all([this.#services.synced, this.#slices.synced]);
    await Promise.all(this.withOrigin().map((key) => this.include(key)));
  }

  /** Stops following. */
  close(): void {
    for (const reflector of [this.#services, this.#slices]) reflector.close();
  }

  /** A Service that is targeted now and may not have been before. @throws KubeError */
  async include(key: ServiceKey): Promise<void> {
    if (this.#services.get(key) === undefined) await this.#services.include(key);
  }

  /** What an object is after a write. */
  learn(resource: TakeoverResource, object: KubeObject): void {
    this.#isLearning = true;
    try {
      (resource === "endpointSlices" ? this.#slices : this.#services).learn(object);
    } finally {
      this.#isLearning = false;
    }
  }

  service(key: ServiceKey): ClusterService | undefined {
    return parsed(ClusterService, this.#services.get(key));
  }

  origin(key: ServiceKey): ClusterService | undefined {
    const [namespace = "", name = ""] = key.split("/");
    const object = this.#services.get(`${namespace}/${originName(name)}`);
    return object !== undefined && isOrigin(object) ? parsed(ClusterService, object) : undefined;
  }

  gatewaySlices(key: ServiceKey): readonly ClusterSlice[] {
    return [...(this.#slicesOf.get(key)?.values() ?? [])].flatMap((slice) => parsed(ClusterSlice, slice) ?? []);
  }

  /** Those of all Services. */
  allGatewaySlices(): readonly ClusterSlice[] {
    return [...this.#slices.all()].flatMap((slice) => parsed(ClusterSlice, slice) ?? []);
  }

  /** Services that have an origin, and with it those that were left behind. */
  withOrigin(): readonly ServiceKey[] {
    return [...this.#withOrigin];
  }

  /** Services that are held. */
  held(): readonly ServiceKey[] {
    const isTaken = (object: KubeObject): boolean =>
      isHeld((object["spec"] as { selector?: Readonly<Record<string, string>> } | undefined)?.selector);
    return [...this.#services.all()].filter(isTaken).map((object) => keyOf(object) as ServiceKey);
  }

  /**
   * Whether Kubernetes' own slices of a Service that is not held have endpoints as its origin's have. Asks the API server,
   * and only while it matters.
   * @throws KubeError
   */
  async hasReturned(key: ServiceKey): Promise<boolean> {
    const service = this.service(key);
    const isReady = this.gatewaySlices(key).some((slice) => readyEndpoints([slice]) > 0);
    if (service === undefined || isHeld(service.spec.selector) || !isReady) {
      this.#returningSince.delete(key);
      return true;
    }
    const { clock } = this.#sources;
    const since = this.#returningSince.get(key);
    this.#returningSince.set(key, since ?? clock.now());
    // Of two writes that went out together one is seen first: most often the other one is all that is missing.
    if (since === undefined) return false;
    if (clock.now() - since > LONGEST_RETURN_MS) return true;
    const [namespace = "", name = ""] = key.split("/");
    const [own, origins] = await Promise.all(
      [name, originName(name)].map((of) => this.#kubernetesSlices(namespace, of)),
    );
    return readyEndpoints(own ?? []) >= readyEndpoints(origins ?? []);
  }

  async #kubernetesSlices(namespace: string, service: string): Promise<readonly ClusterSlice[]> {
    const labelSelector = kubernetesSlices(service);
    const signal = AbortSignal.timeout(5_000);
    const { objects } = await listPages(
      this.#sources.client,
      KUBE_RESOURCES.endpointSlices,
      { namespace, labelSelector },
      signal,
    );
    return objects.flatMap((object) => parsed(ClusterSlice, object) ?? []);
  }

  #takeSlice(key: ServiceKey, { before, now }: ReflectedChange): void {
    // What this replica writes it does itself, and knows of before: see `learn`.
    if (!this.#isLearning && now !== undefined)
      for (const address of new Set(addressesIn(before)).difference(new Set(addressesIn(now))))
        this.#sources.takenOut(address);
    const slices = this.#slicesOf.get(key) ?? new Map<string, KubeObject>();
    const name = (now ?? before)?.metadata.name ?? "";
    if (now === undefined) slices.delete(name);
    else slices.set(name, now);
    if (slices.size === 0) this.#slicesOf.delete(key);
    else this.#slicesOf.set(key, slices);
  }

  #follow(
    resource: KubeResource,
    how: {
      readonly labelSelector?: string;
      readonly keep?: (key: string, object: KubeObject) => boolean;
      readonly serviceOf: (object: KubeObject) => string;
      readonly taken?: (key: ServiceKey, change: ReflectedChange) => void;
    },
  ): Reflector {
    const { labelSelector, keep } = how;
    const sources = {
      ...this.#sources,
      resource,
      selection: { labelSelector },
      ...(keep === undefined ? {} : { keep }),
    };
    return new Reflector(sources, {
      changed: (changes) => {
        for (const change of changes) {
          const object = change.now ?? change.before;
          if (object === undefined) continue;
          const key = how.serviceOf(object) as ServiceKey;
          how.taken?.(key, change);
          this.#sources.look(key);
        }
      },
      troubleChanged: () => {},
    });
  }
}

function isOrigin({ metadata }: KubeObject): boolean {
  return metadata.labels?.[ORIGIN_LABEL] !== undefined;
}

function addressesIn(slice: KubeObject | undefined): readonly string[] {
  return (parsed(ClusterSlice, slice)?.endpoints ?? []).flatMap(({ addresses }) => addresses);
}

/** The key of a Service in an object's namespace whose name a label of the object says. */
function siblingKey({ metadata }: KubeObject, label: string): ServiceKey {
  return `${metadata.namespace ?? ""}/${metadata.labels?.[label] ?? ""}`;
}

function parsed<T>(
  schema: { safeParse(value: unknown): { data?: T | undefined } },
  object: KubeObject | undefined,
): T | undefined {
  return object === undefined ? undefined : schema.safeParse(object).data;
}
