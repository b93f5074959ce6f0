import type { KindObject } from "../../model/kinds/index.ts";
import type { LastValid } from "../../ports/object-store.ts";
import { parseObject } from "../objects/parse-object.ts";
import type { KubeObject } from "./kube-resource.ts";

/**
 * Policies as they last were valid, over restarts: one that is not valid when a process starts has a content all the same,
 * by which its Services go on being served.
 */
export class LastValidPolicies implements LastValid {
  /** By their source. */
  readonly #policies = new Map<string, KubeObject>();
  readonly #listeners = new Set<() => void>();

  all(): readonly KubeObject[] {
    return [...this.#policies.values()];
  }

  recall(policies: readonly unknown[]): void {
    for (const policy of policies as readonly KubeObject[]) this.#policies.set(sourceOf(policy), policy);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** A policy that is valid now. */
  take(policy: KubeObject): void {
    const kept = essence(policy);
    const source = sourceOf(policy);
    if (JSON.stringify(this.#policies.get(source)) === JSON.stringify(kept)) return;
    this.#policies.set(source, kept);
    this.#tell();
  }

  /** What a policy was when it last was valid, if it is the same one: not one of its name that was made anew. */
  of(policy: KubeObject): KindObject | undefined {
    const last = this.#policies.get(sourceOf(policy));
    if (last === undefined || last.metadata.uid !== policy.metadata.uid) return undefined;
    // By the rules of this version: what another one kept may mean something else now.
    const parsed = parseObject(last, { site: "cluster", correct: "Correct the object" });
    return parsed.ok ? parsed.object : undefined;
  }

  /** Forgets all that are not there any more. */
  retain(policies: Iterable<KubeObject>): void {
    const there = new Set([...policies].map(sourceOf));
    const gone = [...this.#policies.keys()].filter((source) => !there.has(source));
    for (const source of gone) this.#policies.delete(source);
    if (gone.length > 0) this.#tell();
  }

  /** A policy that is gone. */
  forget(policy: KubeObject): void {
    if (this.#policies.delete(sourceOf(policy))) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What people write, and by which it is known again. */
function essence({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
  const { name, namespace, uid, creationTimestamp, labels, annotations } = metadata;
  const kept = Object.entries({ name, namespace, uid, creationTimestamp, labels, annotations });
  return {
    apiVersion,
    kind,
    metadata: Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as KubeObject["metadata"],
    spec,
  };
}

function sourceOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
