/**
 * The garbage collector: what is left of its owners goes.
 * @module
 */
import { type Json, type JsonObject, listAt, textAt } from "../api/json.ts";
import { finalizersOf, isTerminating, type KubeObject, nameOf, namespaceOf } from "../api/kube-object.ts";
import { resourceKey } from "../kinds/resource-type.ts";
import { keyOf } from "../storage/resource-storage.ts";
import type { StoreEvent } from "../storage/object-store.ts";
import type { ServedResources } from "../storage/served-resources.ts";
import { controllerWrite } from "../storage/write-options.ts";
import type { Controller } from "./reconciler.ts";

const WRITE = controllerWrite("kube-controller-manager");

/** `resource key`, what the collector looks at. */
type Node = string;

/** Makes the controller: background, foreground and orphaning deletion. */
export function garbageCollector(resources: ServedResources): Controller {
  const collector = new Collector(resources);
  return {
    name: "garbageCollection",
    allKeys: () => collector.everything(),
    keysOf: (event) => collector.affected(event),
    reconcile: (node) => collector.collect(node),
  };
}

class Collector {
  readonly #resources: ServedResources;
  /** Dependents by the uid of an owner. */
  readonly #dependents = new Map<string, Set<Node>>();

  constructor(resources: ServedResources) {
    this.#resources = resources;
  }

  everything(): readonly Node[] {
    const { store } = this.#resources.world;
    const nodes: Node[] = [];
    for (const resource of store.resources) {
      for (const { key, object } of store.list(resource)) {
        this.#index(nodeOf(resource, key), object);
        if (this.#isOfInterest(object)) nodes.push(nodeOf(resource, key));
      }
    }
    return nodes;
  }

  affected({ type, resource, key, object }: StoreEvent): readonly Node[] {
    const node = nodeOf(resource, key);
    const dependents = [...(this.#dependents.get(object.metadata.uid) ?? [])];
    if (type !== "DELETED") {
      this.#index(node, object);
      return this.#isOfInterest(object) ? [node] : [];
    }
    this.#dependents.delete(object.metadata.uid);
    const owners = ownersOf(object).flatMap((owner) => this.#ownerNode(object, owner) ?? []);
    for (const owner of ownersOf(object)) this.#dependents.get(textAt(owner, "uid") ?? "")?.delete(node);
    return [...dependents, ...owners];
  }

  collect(node: Node): void {
    const object = this.#find(node);
    // Of a resource that is served no longer nothing can be deleted.
    if (object === undefined || this.#resources.type(node.split(" ")[0] ?? "") === undefined) return;
    if (isTerminating(object)) {
      this.#release(node, object);
      return;
    }
    const owners = ownersOf(object);
    if (owners.length === 0) return;
    const present = owners.filter((owner) => this.#isPresent(object, owner));
    if (present.length > 0) return;
    this.#storage(node).delete(placeOf(object), { dryRun: false, uid: object.metadata.uid });
  }

  /** What waits for its dependents, or wants to be without them. */
  #release(node: Node, object: KubeObject): void {
    const dependents = [...(this.#dependents.get(object.metadata.uid) ?? [])];
    const finalizers = finalizersOf(object);
    if (finalizers.includes("orphan")) {
      for (const dependent of dependents) this.#orphan(dependent, object.metadata.uid);
      this.#removeFinalizer(node, object, "orphan");
    } else if (finalizers.includes("foregroundDeletion")) {
      for (const dependent of dependents) {
        const found = this.#find(dependent);
        if (found !== undefined && !isTerminating(found)) {
          this.#storage(dependent).delete(placeOf(found), { dryRun: false, propagationPolicy: "Foreground" });
        }
      }
      const isBlocked = dependents.some((dependent) => this.#find(dependent) !== undefined);
      if (!isBlocked) this.#removeFinalizer(node, object, "foregroundDeletion");
    }
  }

  #orphan(node: Node, owner: string): void {
    const object = this.#find(node);
    if (object === undefined) return;
    const ownerReferences = [...ownersOf(object)].filter((one) => textAt(one, "uid") !== owner);
    const metadata: JsonObject = { ...object.metadata, ownerReferences };
    this.#storage(node).update(placeOf(object), { ...object, metadata }, "", WRITE);
    this.#dependents.get(owner)?.delete(node);
  }

  #removeFinalizer(node: Node, object: KubeObject, finalizer: string): void {
    const finalizers = finalizersOf(object).filter((one) => one !== finalizer);
    this.#storage(node).update(placeOf(object), { ...object, metadata: { ...object.metadata, finalizers } }, "", WRITE);
  }

  #isOfInterest(object: KubeObject): boolean {
    return ownersOf(object).length > 0 || isTerminating(object);
  }

  #index(node: Node, object: KubeObject): void {
    for (const owner of ownersOf(object)) {
      const uid = textAt(owner, "uid") ?? "";
      const known = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, known.add(node));
    }
  }

  #isPresent(dependent: KubeObject, owner: Json): boolean {
    const node = this.#ownerNode(dependent, owner);
    // An owner of a kind that nobody knows may be there all the same.
    return node === undefined || this.#find(node)?.metadata.uid === textAt(owner, "uid");
  }

  #ownerNode(dependent: KubeObject, owner: Json): Node | undefined {
    const apiVersion = textAt(owner, "apiVersion") ?? "";
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    const type = this.#resources.ofKind(group, textAt(owner, "kind") ?? "");
    if (type === undefined) return undefined;
    const namespace = type.namespaced ? namespaceOf(dependent) : "";
    return nodeOf(resourceKey(type), keyOf(namespace, textAt(owner, "name") ?? ""));
  }

  #find(node: Node): KubeObject | undefined {
    const [resource = "", key = ""] = node.split(" ");
    return this.#resources.world.store.get(resource, key);
  }

  #storage(node: Node): ReturnType<ServedResources["storage"]> {
    return this.#resources.storage(node.split(" ")[0] ?? "");
  }
}

function nodeOf(resource: string, key: string): Node {
  return `${resource} ${key}`;
}

function ownersOf(object: KubeObject): readonly Json[] {
  return listAt(object, "metadata", "ownerReferences");
}

function placeOf(object: KubeObject): { readonly namespace: string; readonly name: string } {
  return { namespace: namespaceOf(object), name: nameOf(object) };
}
