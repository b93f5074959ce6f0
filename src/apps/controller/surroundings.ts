/**
 * What stands between Services' pods and those who come to them: NetworkPolicies, and meshes that let nobody else in.
 * @module
 */
import type { KubeClient } from "../../adapters/kube/kube-client.ts";
import { KubeError } from "../../adapters/kube/kube-error.ts";
import { KUBE_RESOURCES, type KubeObject, type KubeResource } from "../../adapters/kube/kube-resource.ts";
import { listPages } from "../../adapters/kube/list-pages.ts";
import { Reflector, type ReflectorSources } from "../../adapters/kube/reflector.ts";
import type { Selector } from "../../core/takeover/selector.ts";
import { peerAuthenticationsFor } from "../../core/network/strict-mesh.ts";
import {
  dependsOnPods,
  type ServiceReach,
  type SurroundingObjects,
  surroundingsOf,
} from "../../core/takeover/surroundings.ts";
import { type PeerAuthentication, readPeerAuthentication } from "../../model/mesh.ts";
import { type NetworkPolicy, readNetworkPolicy } from "../../model/network-policy.ts";
import type { ServiceSurroundings } from "../../model/takeover.ts";

/** How long a start waits for what it may not be allowed to read, in milliseconds. */
const OPEN_WITHIN_MS = 10_000;

/** There may be no Istio: it is asked about this often, in milliseconds. */
const ASK_MESH_EVERY_MS = 60_000;

/** How long an answer may take, in milliseconds. */
const LIST_TIMEOUT_MS = 30_000;

/** Where they are read, and who hears of it. */
export interface SurroundingsSources extends Omit<ReflectorSources, "resource" | "selection" | "keep"> {
  readonly client: KubeClient;
  /** Something of a namespace has changed; of any when undefined. */
  changed(namespace: string | undefined): void;
}

/** NetworkPolicies and namespaces, followed, and Istio's rules, asked for now and then. */
export class Surroundings {
  readonly #sources: SurroundingsSources;
  readonly #namespaces: Reflector;
  readonly #reflectors: readonly Reflector[];
  readonly #networkPolicies = new Map<string, Map<string, NetworkPolicy>>();
  #peerAuthentications: readonly PeerAuthentication[] = [];
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(sources: SurroundingsSources) {
    this.#sources = sources;
    this.#namespaces = this.#follow(KUBE_RESOURCES.namespaces, ({ metadata }) => sources.changed(metadata.name));
    const networkPolicies = this.#follow(KUBE_RESOURCES.networkPolicies, (object, isGone) =>
      this.#takeNetworkPolicy(object, isGone),
    );
    this.#reflectors = [this.#namespaces, networkPolicies];
  }

  /** Follows, and waits a while until everything has been read once: who may not read it takes Services over all the same. */
  async open(): Promise<void> {
    const { clock, log } = this.#sources;
    for (const reflector of this.#reflectors) reflector.start();
    const read = Promise.all([...this.#reflectors.map(({ synced }) => synced), this.#askMesh()]);
    const late = Promise.withResolvers<"late">();
    const cancel = clock.after(OPEN_WITHIN_MS, () => late.resolve("late"));
    if ((await Promise.race([read, late.promise])) === "late")
      log.warn("surroundings_not_read", {
        remedy: "see kube_watch_failed above; tandem doctor names what is not allowed",
      });
    cancel();
  }

  /** Follows no more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    for (const reflector of this.#reflectors) reflector.close();
  }

  /** Whether it takes pods' labels to say what surrounds them. */
  dependOnPods(namespace: string, selector: Selector): boolean {
    return dependsOnPods(selector, this.#objectsOf(namespace));
  }

  /** Of pods that a Service leads to. @param podLabels of one of them, as far as they are known */
  of(namespace: string, reach: ServiceReach, podLabels: Selector | undefined): ServiceSurroundings {
    return surroundingsOf(reach, { ...this.#objectsOf(namespace), podLabels });
  }

  #objectsOf(namespace: string): Omit<SurroundingObjects, "podLabels"> {
    const { labels = {}, annotations = {} } = this.#namespaces.get(namespace)?.metadata ?? {};
    return {
      namespace: { name: namespace, labels, annotations },
      networkPolicies: this.#policiesOf(namespace),
      peerAuthentications: peerAuthenticationsFor(namespace, this.#peerAuthentications),
    };
  }

  #policiesOf(namespace: string): readonly NetworkPolicy[] {
    return [...(this.#networkPolicies.get(namespace)?.values() ?? [])];
  }

  #takeNetworkPolicy(object: KubeObject, isGone: boolean): void {
    const { name, namespace = "" } = object.metadata;
    const policies = this.#networkPolicies.get(namespace) ?? new Map<string, NetworkPolicy>();
    const policy = isGone ? undefined : readNetworkPolicy(object);
    if (policy === undefined) policies.delete(name);
    else policies.set(name, policy);
    this.#networkPolicies.set(namespace, policies);
    this.#sources.changed(namespace);
  }

  #follow(resource: KubeResource, taken: (object: KubeObject, isGone: boolean) => void): Reflector {
    return new Reflector(
      { ...this.#sources, resource, selection: {} },
      {
        changed: (changes) => {
          for (const { before, now } of changes) {
            const object = now ?? before;
            if (object !== undefined) taken(object, now === undefined);
          }
        },
        troubleChanged: () => {},
      },
    );
  }

  async #askMesh(): Promise<void> {
    const { client, clock, log } = this.#sources;
    const before = JSON.stringify(this.#peerAuthentications);
    try {
      const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
      const { objects } = await listPages(client, KUBE_RESOURCES.peerAuthentications, {}, signal);
      this.#peerAuthentications = objects.flatMap((object) => readPeerAuthentication(object) ?? []);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) this.#peerAuthentications = [];
      else log.warn("mesh_not_read", { error: String(error) });
    }
    if (this.#closed) return;
    if (JSON.stringify(this.#peerAuthentications) !== before) this.#sources.changed(undefined);
    this.#cancel = clock.after(ASK_MESH_EVERY_MS, () => void this.#askMesh());
  }
}
