import type { EventQueue } from "./event-queue.ts";

/** The nodes of one zone that wait for their NoExecute taint: so many per second, and one at once after a while without. */
export class ZoneTainter {
  readonly #queue: EventQueue;
  readonly #taint: (node: string) => void;
  readonly #waiting: string[] = [];
  readonly #known = new Set<string>();
  #perSecond = 0;
  #nextMs = 0;
  #callOff: (() => void) | undefined;

  constructor(queue: EventQueue, taint: (node: string) => void) {
    this.#queue = queue;
    this.#taint = taint;
  }

  /** A node waits, once. */
  add(node: string): void {
    if (this.#known.has(node)) return;
    this.#known.add(node);
    this.#waiting.push(node);
    this.#plan();
  }

  /** Whether a node waits or was tainted, and that was not taken back. */
  has(node: string): boolean {
    return this.#known.has(node);
  }

  /** A node waits no longer. */
  remove(node: string): void {
    this.#known.delete(node);
    const index = this.#waiting.indexOf(node);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Another rate; 0: none until there is another. What the old one had to wait for, the new one has to, too. */
  setRate(perSecond: number): void {
    if (perSecond === this.#perSecond) return;
    const mustWait = this.#perSecond > 0 && this.#nextMs > this.#queue.now;
    this.#perSecond = perSecond;
    this.#nextMs = this.#queue.now + (mustWait && perSecond > 0 ? 1000 / perSecond : 0);
    this.#plan();
  }

  #plan(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#perSecond === 0 || this.#waiting.length === 0) return;
    this.#callOff = this.#queue.at(this.#nextMs, () => {
      const node = this.#waiting.shift();
      if (node === undefined) return;
      this.#nextMs = this.#queue.now + 1000 / this.#perSecond;
      this.#taint(node);
      this.#plan();
    });
  }
}
