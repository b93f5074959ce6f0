import type { KubeObject } from "../api/kube-object.ts";

/** A stored object at its place. */
export interface Entry {
  readonly key: string;
  readonly object: KubeObject;
}

/** Objects by key, and always in the order of their keys. A list that was handed out never changes. */
export class SortedObjects {
  readonly #objects = new Map<string, KubeObject>();
  #entries: Entry[] = [];
  /** Whether somebody may hold the entries: the next change then makes others. */
  #isShared = false;

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  set(key: string, object: KubeObject): void {
    const isKnown = this.#objects.has(key);
    this.#objects.set(key, object);
    this.#own().splice(this.#placeOf(key), isKnown ? 1 : 0, { key, object });
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#own().splice(this.#placeOf(key), 1);
  }

  /** All of them, or those of a namespace. */
  list(namespace: string): readonly Entry[] {
    if (namespace !== "") return this.#entries.slice(this.#placeOf(`${namespace}/`), this.#placeOf(`${namespace}0`));
    this.#isShared = true;
    return this.#entries;
  }

  #own(): Entry[] {
    if (this.#isShared) this.#entries = [...this.#entries];
    this.#isShared = false;
    return this.#entries;
  }

  /** Where a key is, or would be. */
  #placeOf(key: string): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.key ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
