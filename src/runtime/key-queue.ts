/**
 * A queue of keys to look at again. A key that is queued twice before its turn is looked at once.
 * Work goes on in slices, so that a thousand changed services do not hold up an answer to Envoy.
 */
export class KeyQueue<K> {
  /** Each with the moment it was first queued. */
  readonly #keys = new Map<K, number>();
  readonly #work: (key: K, queuedAt: number) => void;
  #scheduled = false;

  /** Longest time without a look at sockets, in milliseconds. */
  static readonly SLICE_MS = 10;

  /** @param work what to do with a key, and since when (`performance.now()`) it has waited */
  constructor(work: (key: K, queuedAt: number) => void) {
    this.#work = work;
  }

  /** Queues a key. */
  add(key: K): void {
    if (!this.#keys.has(key)) this.#keys.set(key, performance.now());
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After what the caller still has to add, before anything else.
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    const end = performance.now() + KeyQueue.SLICE_MS;
    for (const [key, queuedAt] of this.#keys) {
      this.#keys.delete(key);
      this.#work(key, queuedAt);
      if (performance.now() > end) break;
    }
    this.#scheduled = this.#keys.size > 0;
    if (this.#scheduled) setImmediate(() => this.#drain());
  }
}
