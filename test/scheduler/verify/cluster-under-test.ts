/**
 * A cluster without anything in it, in which one case after the other is made and removed again.
 * @module
 */
import type { KubeClient } from "../../../src/adapters/kube/kube-client.ts";
import { KUBE_RESOURCES, type KubeObject, pathOf } from "../../../src/adapters/kube/kube-resource.ts";
import { listPages } from "../../../src/adapters/kube/list-pages.ts";
import type { Manifest, SchedulerCase } from "../scheduler-case.ts";
import { makeObject } from "./make-object.ts";
import { NODES, OWN_LABEL, PODS, type OwnResource, resourceOf } from "./own-objects.ts";
import { failureOf } from "./pod-state.ts";
import { PodWatch } from "./pod-watch.ts";
import { CASE_LABEL, SENTINEL_NAMESPACE, sentinelPod, sentinelSees } from "./sentinel.ts";
import { deleteAll, letGo, sweep } from "./sweep.ts";
import { Trouble } from "./trouble.ts";

/** How long the scheduler may take to see what was made, in milliseconds. */
const SEEN_WITHIN_MS = 30_000;

/** One cluster; who opens it has to close it. */
export class ClusterUnderTest {
  readonly pods: PodWatch;
  readonly #client: KubeClient;
  /** Labels of the namespaces that were made, as they are now. */
  readonly #namespaces = new Map<string, KubeObject>();
  #made: readonly KubeObject[] = [];
  #cases = 0;

  private constructor(client: KubeClient) {
    this.#client = client;
    this.pods = new PodWatch(client);
  }

  /**
   * Empties it of what an earlier comparison left.
   * @throws Trouble when it has nodes: then it is somebody's cluster
   * @throws KubeError
   */
  static async open(client: KubeClient): Promise<ClusterUnderTest> {
    await refuseOtherNodes(client);
    await sweep(client);
    const cluster = new ClusterUnderTest(client);
    await cluster.pods.open();
    await cluster.#settleNamespace({ name: SENTINEL_NAMESPACE, labels: {} });
    return cluster;
  }

  /**
   * Makes the objects of a case and waits until the scheduler has seen them. Returns them as the API server has them.
   * @throws KubeError, Trouble when there is no scheduler
   */
  async make({ objects, pending }: SchedulerCase): Promise<readonly Manifest[]> {
    this.#cases += 1;
    const label = { [OWN_LABEL]: "yes", [CASE_LABEL]: String(this.#cases) };
    const namespaces = await Promise.all(
      namespacesOf([...objects, ...pending]).map((one) => this.#settleNamespace(one)),
    );
    const others = objects.filter(({ kind }) => kind !== "Namespace");
    const made = await Promise.allSettled(others.map((object) => makeObject(this.#client, object, label)));
    this.#made = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    for (const one of made) if (one.status === "rejected") throw one.reason;
    await this.#sentinel(others.filter(({ kind }) => kind === "Node").length);
    return [...namespaces, ...this.#made] as Manifest[];
  }

  /** Creates a pod that waits for a place. @throws KubeError */
  async post(pod: Manifest): Promise<KubeObject> {
    return await makeObject(this.#client, pod, {});
  }

  /** Deletes a pod at once, and waits until that is so. @throws KubeError */
  async remove({ metadata }: KubeObject): Promise<void> {
    const path = pathOf(PODS, metadata);
    await this.#client.request({ method: "DELETE", path, query: { gracePeriodSeconds: 0 } });
    await this.pods.until(
      () => (this.pods.get(`${metadata.namespace}/${metadata.name}`) === undefined ? true : undefined),
      10_000,
    );
  }

  /** Removes everything of the case but its namespaces. @throws KubeError */
  async clear(): Promise<void> {
    const held = this.#made.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0);
    const resources = new Set(this.#made.map(resourceOf));
    resources.delete(PODS);
    this.#made = [];
    await Promise.all(held.map((object) => letGo(this.#client, resourceOf(object), object.metadata)));
    await this.#deleteIn(PODS);
    await Promise.all([...resources].map((resource) => this.#deleteIn(resource)));
    await this.pods.until(() => (this.pods.isEmpty ? true : undefined), 10_000);
  }

  /** Leaves the cluster as it was found. @throws KubeError */
  async close(): Promise<void> {
    this.pods.close();
    await sweep(this.#client);
  }

  async #deleteIn(resource: OwnResource): Promise<void> {
    const places = resource.namespaced ? [...this.#namespaces.keys()].map((namespace) => ({ namespace })) : [{}];
    await Promise.all(places.map((place) => deleteAll(this.#client, resource, place)));
  }

  /** Makes a namespace, or changes the labels of the one that is there. */
  async #settleNamespace({ name, labels }: NamespaceOfCase): Promise<KubeObject> {
    const known = this.#namespaces.get(name);
    const before = known?.metadata.labels ?? {};
    const dropped = Object.keys(before).filter((key) => labels[key] === undefined && !key.startsWith("kubernetes.io/"));
    const changed = Object.keys(labels).some((key) => before[key] !== labels[key]);
    if (known !== undefined && dropped.length === 0 && !changed) return known;
    const body = {
      metadata: { name, labels: { ...Object.fromEntries(dropped.map((key) => [key, null])), ...labels } },
    };
    const resource = KUBE_RESOURCES.namespaces;
    const settled = await this.#client.request<KubeObject>(
      known === undefined
        ? { method: "POST", path: pathOf(resource), body }
        : { method: "PATCH", path: pathOf(resource, { name }), body, bodyType: "application/merge-patch+json" },
    );
    this.#namespaces.set(name, { ...settled, apiVersion: "v1", kind: "Namespace" });
    return { ...settled, apiVersion: "v1", kind: "Namespace" };
  }

  async #sentinel(nodes: number): Promise<void> {
    const end = performance.now() + SEEN_WITHIN_MS;
    let said: string | undefined;
    for (let attempt = 0; performance.now() < end; attempt += 1) {
      const pod = await this.post(sentinelPod(`sentinel-${attempt}`, this.#cases));
      const key = `${SENTINEL_NAMESPACE}/${pod.metadata.name}`;
      said = await this.pods.until(() => failureOf(this.pods.get(key)), end - performance.now());
      if (said === undefined) break;
      if (sentinelSees(said, nodes)) return;
    }
    throw new Trouble(
      "unreachable",
      said === undefined
        ? `no scheduler has looked at a pod within ${SEEN_WITHIN_MS / 1_000} s: start kube-scheduler as --print-config says`
        : `the scheduler does not see the ${nodes} nodes that were made, but: ${said}`,
    );
  }
}

interface NamespaceOfCase {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Those that a case describes, and those that its objects are in. */
function namespacesOf(objects: readonly Manifest[]): readonly NamespaceOfCase[] {
  const described = objects.filter(({ kind }) => kind === "Namespace");
  const labels = new Map(described.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  for (const { metadata } of objects)
    if (metadata.namespace !== undefined && !labels.has(metadata.namespace)) labels.set(metadata.namespace, {});
  return [...labels].map(([name, of]) => ({ name, labels: of }));
}

async function refuseOtherNodes(client: KubeClient): Promise<void> {
  const selection = { labelSelector: `!${OWN_LABEL}` };
  const { objects } = await listPages(client, NODES, selection, new AbortController().signal);
  const [first] = objects;
  if (first === undefined) return;
  throw new Trouble(
    "usage",
    `${client.server} has nodes (${first.metadata.name}${objects.length > 1 ? ` and ${objects.length - 1} more` : ""}): ` +
      "the comparison makes and removes nodes and pods, and runs against a cluster of its own only",
  );
}
