/**
 * The store of a site that is a Kubernetes cluster, as its gateways need it: policies, switches and sites, and of all
 * Services only those that are protected. These come from their origins, see model/origin.ts.
 * @module
 */
import { SERVICE_NAME_LABEL } from "../../model/kinds/index.ts";
import { ORIGIN_LABEL } from "../../model/origin.ts";
import type { Problem } from "../../model/problem.ts";
import type { ServiceKey } from "../../model/service-key.ts";
import type { OpenableStore } from "../../ports/object-store.ts";
import { changesOf } from "../objects/object-changes.ts";
import { IndexedStore } from "../objects/indexed-store.ts";
import type { LocatedObject } from "../objects/object-index.ts";
import { formatPath } from "../../model/field-path.ts";
import { parseObject } from "../objects/parse-object.ts";
import { describeTrouble } from "./describe-trouble.ts";
import { KUBE_RESOURCES, keyOf, type KubeObject, type KubeResource } from "./kube-resource.ts";
import { type ReflectedChange, Reflector, type ReflectorSources } from "./reflector.ts";

/** What is read of a cluster, and by which labels. */
type Read = readonly { readonly resource: KubeResource; readonly labelSelector?: string }[];

/** What people say. */
const INTENT: Read = [
  { resource: KUBE_RESOURCES.sites },
  { resource: KUBE_RESOURCES.failoverPolicies },
  { resource: KUBE_RESOURCES.switches },
];

/** What gateways serve. The selectors let the API server leave out what is not protected. */
const SERVED: Read = [
  { resource: KUBE_RESOURCES.services, labelSelector: ORIGIN_LABEL },
  { resource: KUBE_RESOURCES.endpointSlices, labelSelector: ORIGIN_LABEL },
];

/** A cluster's objects, followed. An object that is not valid leaves its last good content in force; the others still count. */
export class KubeStore extends IndexedStore implements OpenableStore {
  readonly inspection = "kubectl get tandem --all-namespaces";
  readonly sitesAreMembers = true;
  /** The API server. */
  readonly place: string;
  readonly #reflectors: readonly Reflector[];
  /** Of objects that are not valid, by their source. */
  readonly #invalid = new Map<string, readonly Problem[]>();

  /** Services that policies target which are not valid. */
  readonly #unreadable = new Map<string, readonly ServiceKey[]>();

  /** Policies that were deleted while one of their Services has an origin still, each with these Services. */
  readonly #outlived = new Map<string, readonly ServiceKey[]>();
  readonly #outlives: boolean;

  /**
   * @param reader `gateway`: Services and endpoints too; and a policy counts until the origins of its Services are gone,
   *   since gateways serve until then
   */
  constructor(sources: Omit<ReflectorSources, "resource" | "selection">, reader: "controller" | "gateway") {
    super();
    this.#outlives = reader === "gateway";
    this.place = sources.client.server;
    this.#reflectors = (reader === "gateway" ? [...INTENT, ...SERVED] : INTENT).map(
      ({ resource, labelSelector }) =>
        new Reflector(
          // Without definitions nothing is protected; but what gateways serve without a controller they go on serving.
          { ...sources, resource, selection: { labelSelector }, goWithGroup: reader === "controller" },
          {
            changed: (changes) => this.#take(resource, changes),
            troubleChanged: () => this.tell({ services: new Set(), sites: false }),
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

  problems(): readonly Problem[] {
    return [
      ...this.#reflectors.flatMap(({ resource, trouble }) =>
        trouble === undefined ? [] : [describeTrouble(resource, trouble)],
      ),
      ...[...this.#invalid.values()].flat(),
      ...this.index.problems(),
    ];
  }

  /** The policy that targets a Service and is not valid, as a person names it; undefined when there is none. */
  invalidPolicyOf(service: ServiceKey): string | undefined {
    return [...this.#unreadable].find(([, services]) => services.includes(service))?.[0];
  }

  #take(resource: KubeResource, changes: readonly ReflectedChange[]): void {
    const replaced: [source: string, objects: readonly LocatedObject[]][] = [];
    const replacedInSilence: typeof replaced = [];
    for (const { before, now } of changes) {
      const source = sourceOf(resource, now ?? before);
      this.#invalid.delete(source);
      this.#unreadable.delete(source);
      this.#outlived.delete(source);
      if (now === undefined) {
        if (!this.#mayOutlive(source, before)) replaced.push([source, []]);
        continue;
      }
      const parsed = parseObject(asOfService(now), { site: "cluster", correct: "Correct the object" });
      const isNews = before === undefined || !isSameButForStatus(before, now);
      if (!parsed.ok && now.kind === "FailoverPolicy") this.#unreadable.set(source, targetsIn(now));
      if (parsed.ok) (isNews ? replaced : replacedInSilence).push([source, [{ object: parsed.object }]]);
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
    this.index.replaceAll(replacedInSilence);
    const changed = [...this.index.replaceAll(replaced)];
    const over = [...this.#outlived].filter(([, services]) => !services.some((key) => this.service(key) !== undefined));
    for (const [source] of over) this.#outlived.delete(source);
    changed.push(...this.index.replaceAll(over.map(([source]) => [source, []] as const)));
    this.tell(changesOf(changed));
  }

  /** Whether a policy that is gone counts for a while. */
  #mayOutlive(source: string, before: KubeObject | undefined): boolean {
    if (!this.#outlives || before?.kind !== "FailoverPolicy") return false;
    const services = this.index
      .policies()
      .filter((policy) => `FailoverPolicy ${policy.metadata.namespace}/${policy.metadata.name}` === source)
      .flatMap(({ metadata, spec }) => spec.targetRefs.map(({ name }): ServiceKey => `${metadata.namespace}/${name}`))
      .filter((key) => this.service(key) !== undefined);
    if (services.length > 0) this.#outlived.set(source, services);
    return services.length > 0;
  }
}

/** Whether nothing of an object that counts here has changed: its status is written by the controller, and by nobody read. */
function isSameButForStatus(before: KubeObject, now: KubeObject): boolean {
  const [left, right] = [before, now].map(({ metadata }) => {
    const { uid, generation, labels, annotations, deletionTimestamp } = metadata;
    return JSON.stringify([uid, generation, labels, annotations, deletionTimestamp]);
  });
  return now.metadata.generation !== undefined && left === right;
}

/** Services that a policy names, whatever else is wrong with it. */
function targetsIn({ metadata, ...object }: KubeObject): readonly ServiceKey[] {
  const { targetRefs } = (object["spec"] ?? {}) as { readonly targetRefs?: unknown };
  const refs = (Array.isArray(targetRefs) ? targetRefs : []) as readonly ({ readonly name?: unknown } | null)[];
  return refs.flatMap((ref): ServiceKey[] => {
    const name = ref?.name;
    return typeof name === "string" ? [`${metadata.namespace ?? ""}/${name}`] : [];
  });
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
