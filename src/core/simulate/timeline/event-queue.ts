/** Runs actions in the order of simulated time; those of the same moment in the order in which they were asked for. */
export class EventQueue {
  readonly #heap: ScheduledAction[] = [];
  #asked = 0;
  #now = 0;

  /** Simulated milliseconds since the loss. */
  get now(): number {
    return this.#now;
  }

  /** Runs an action at a moment, or at once where that has passed. The returned function calls it off. */
  at(atMs: number, action: () => void): () => void {
    const scheduled: ScheduledAction = { atMs: Math.max(atMs, this.#now), order: this.#asked, action };
    this.#asked += 1;
    this.#push(scheduled);
    return () => {
      scheduled.action = undefined;
    };
  }

  /** Runs everything up to a moment, that moment included. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.atMs;
      next.action?.();
    }
    this.#now = endMs;
  }

  #push(item: ScheduledAction): void {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, item)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const item = heap.pop();
    if (item === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(item, child)) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = item;
  }
}

interface ScheduledAction {
  readonly atMs: number;
  readonly order: number;
  action: (() => void) | undefined;
}

function isBefore(one: ScheduledAction, other: ScheduledAction): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
