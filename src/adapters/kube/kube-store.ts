/**
 * The store of a site that is a Kubernetes cluster, as its gateways need it: policies, switches and sites, and of all
 * Services only those that are protected. These come from their origins, see model/origin.ts.
 * @module
 */
import {
  type EndpointSlice,
  type FailoverPolicy,
  type KindObject,
  SERVICE_NAME_LABEL,
  type Service,
  type Site,
  type Switch,
} from "../../model/kinds/index.ts";
import { ORIGIN_LABEL } from "../../model/origin.ts";
import type { Problem } from "../../model/problem.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { ObjectChanges, OpenableStore, Place } from "../../ports/object-store.ts";
import { changesOf } from "../objects/object-changes.ts";
import { type LocatedObject, ObjectIndex } from "../objects/object-index.ts";
import { formatPath, parseObject } from "../objects/parse-object.ts";
import { describeTrouble } from "./describe-trouble.ts";
import { KUBE_RESOURCES, keyOf, type KubeObject, type KubeResource } from "./kube-resource.ts";
import { type ReflectedChange, Reflector, type ReflectorSources } from "./reflector.ts";

/** What of a cluster gateways read. The selectors let the API server leave out what is not protected. */
const READ: readonly { readonly resource: KubeResource; readonly labelSelector?: string }[] = [
  { resource: KUBE_RESOURCES.sites },
  { resource: KUBE_RESOURCES.failoverPolicies },
  { resource: KUBE_RESOURCES.switches },
  { resource: KUBE_RESOURCES.services, labelSelector: ORIGIN_LABEL },
  { resource: KUBE_RESOURCES.endpointSlices, labelSelector: ORIGIN_LABEL },
];

/** A cluster's objects, followed. An object that is not valid leaves its last good content in force; the others still count. */
export class KubeStore implements OpenableStore {
  readonly inspection = "kubectl get tandem --all-namespaces";
  /** The API server. */
  readonly place: string;
  readonly #index = new ObjectIndex();
  readonly #reflectors: readonly Reflector[];
  /** Of objects that are not valid, by their source. */
  readonly #invalid = new Map<string, readonly Problem[]>();
  readonly #listeners = new Set<(changes: ObjectChanges) => void>();

  /** Policies that were deleted while one of their Services has an origin still, each with these Services. */
  readonly #outlived = new Map<string, readonly ServiceKey[]>();
  readonly #outlives: boolean;

  /**
   * @param how `outlives`: a policy counts until the origins of its Services are gone, as gateways need it, which serve
   *   until then
   */
  constructor(sources: Omit<ReflectorSources, "resource" | "selection">, how: { readonly outlives: boolean }) {
    this.#outlives = how.outlives;
    this.place = sources.client.server;
    this.#reflectors = READ.map(
      ({ resource, labelSelector }) =>
        new Reflector(
          { ...sources, resource, selection: { labelSelector } },
          {
            changed: (changes) => this.#take(resource, changes),
            troubleChanged: () => this.#tell({ services: new Set(), sites: false }),
          },
        ),
    );
  }

  /** Follows, and waits until everything has been read once, however long the API server is away. */
  async open(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** Stops following. */
  close(): void {
    for (const reflector of this.#reflectors) reflector.close();
  }

  policyOf(service: ServiceKey): FailoverPolicy | undefined {
    return this.#index.policyOf(service);
  }

  policies(): readonly FailoverPolicy[] {
    return this.#index.policies();
  }

  service(key: ServiceKey): Service | undefined {
    return this.#index.service(key);
  }

  services(): readonly Service[] {
    return this.#index.services();
  }

  slicesOf(service: ServiceKey): readonly EndpointSlice[] {
    return this.#index.slicesOf(service);
  }

  switchesOf(service: ServiceKey): readonly Switch[] {
    return this.#index.switchesOf(service);
  }

  switches(): readonly Switch[] {
    return this.#index.switches();
  }

  site(name: string): Site | undefined {
    return this.#index.site(name);
  }

  sites(): readonly Site[] {
    return this.#index.sites();
  }

  targetedServices(): readonly ServiceKey[] {
    return this.#index.targetedServices();
  }

  placeOf(object: KindObject): Place {
    return this.#index.placeOf(object);
  }

  problems(): readonly Problem[] {
    return [
      ...this.#reflectors.flatMap(({ resource, trouble }) =>
        trouble === undefined ? [] : [describeTrouble(resource, trouble)],
      ),
      ...[...this.#invalid.values()].flat(),
      ...this.#index.problems(),
    ];
  }

  onChange(listener: (changes: ObjectChanges) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(resource: KubeResource, changes: readonly ReflectedChange[]): void {
    const replaced: [source: string, objects: readonly LocatedObject[]][] = [];
    for (const { before, now } of changes) {
      const source = sourceOf(resource, now ?? before);
      this.#invalid.delete(source);
      this.#outlived.delete(source);
      if (now === undefined) {
        if (!this.#mayOutlive(source, before)) replaced.push([source, []]);
        continue;
      }
      const parsed = parseObject(asOfService(now), { site: "cluster", correct: "Correct the object" });
      if (parsed.ok) replaced.push([source, [{ object: parsed.object }]]);
      else
        this.#invalid.set(
          source,
          parsed.problems.map(({ path, message, remedy }) => ({
            file: source,
            ...(path.length === 0 ? {} : { field: formatPath(path) }),
            message,
            remedy,
          })),
        );
    }
    const changed = [...this.#index.replaceAll(replaced)];
    const over = [...this.#outlived].filter(([, services]) => !services.some((key) => this.service(key) !== undefined));
    for (const [source] of over) this.#outlived.delete(source);
    changed.push(...this.#index.replaceAll(over.map(([source]) => [source, []] as const)));
    this.#tell(changesOf(changed));
  }

  /** Whether a policy that is gone counts for a while. */
  #mayOutlive(source: string, before: KubeObject | undefined): boolean {
    if (!this.#outlives || before?.kind !== "FailoverPolicy") return false;
    const services = this.#index
      .policies()
      .filter((policy) => `FailoverPolicy ${policy.metadata.namespace}/${policy.metadata.name}` === source)
      .flatMap(({ metadata, spec }) => spec.targetRefs.map(({ name }): ServiceKey => `${metadata.namespace}/${name}`))
      .filter((key) => this.service(key) !== undefined);
    if (services.length > 0) this.#outlived.set(source, services);
    return services.length > 0;
  }

  #tell(changes: ObjectChanges): void {
    for (const listener of this.#listeners) listener(changes);
  }
}

/** How a person names an object: `FailoverPolicy shop/web`. */
function sourceOf(resource: KubeResource, object: KubeObject | undefined): string {
  return `${resource.kind} ${object === undefined ? "" : keyOf(object)}`;
}

/** An origin, or a slice of one, as of its Service. Where API servers write null for an empty list there is an empty one. */
function asOfService(object: KubeObject): KubeObject {
  const target = object.metadata.labels?.[ORIGIN_LABEL];
  if (target === undefined) return object;
  if (object.kind === "Service") return { ...object, metadata: { ...object.metadata, name: target } };
  if (object.kind !== "EndpointSlice") return object;
  const labels = { ...object.metadata.labels, [SERVICE_NAME_LABEL]: target };
  return {
    ...object,
    metadata: { ...object.metadata, labels },
    endpoints: object["endpoints"] ?? [],
    ports: object["ports"] ?? [],
  };
}
