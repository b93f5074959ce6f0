/** Lets so many in at a time, in the order in which they came: what asks an API server about a thousand Services must not ask all at once. */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param most how many are in at a time */
  constructor(most: number) {
    this.#free = most;
  }

  /** Whether who comes now has to wait. */
  get isFull(): boolean {
    return this.#free === 0;
  }

  /** Does the work when its turn has come. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
