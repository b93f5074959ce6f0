/**
 * A queue of keys to look at again. A key that is queued twice before its turn is looked at once.
 * Work goes on in slices, so that a thousand changed services do not hold up an answer to Envoy.
 */
export class KeyQueue<K> {
  readonly #keys = new Set<K>();
  readonly #work: (key: K) => void;
  #scheduled = false;

  /** Longest time without a look at sockets, in milliseconds. */
  static readonly SLICE_MS = 10;

  constructor(work: (key: K) => void) {
    this.#work = work;
  }

  /** Queues a key. */
  add(key: K): void {
    this.#keys.add(key);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#drain());
  }

  /** Whether nothing waits. */
  get idle(): boolean {
    return this.#keys.size === 0;
  }

  #drain(): void {
    const end = performance.now() + KeyQueue.SLICE_MS;
    for (const key of this.#keys) {
      this.#keys.delete(key);
      this.#work(key);
      if (performance.now() > end) break;
    }
    this.#scheduled = this.#keys.size > 0;
    if (this.#scheduled) setImmediate(() => this.#drain());
  }
}
