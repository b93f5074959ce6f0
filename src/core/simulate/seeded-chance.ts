/** Chance that a seed alone decides (splitmix32). */
export class SeededChance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** One of some, each as likely as the others; undefined of none. */
  pick<T>(from: readonly T[]): T | undefined {
    return from.length <= 1 ? from[0] : from[Math.floor(this.#next() * from.length)];
  }

  /** The same values in any order. */
  shuffle<T>(values: readonly T[]): readonly T[] {
    return values
      .map((value) => ({ value, rank: this.#next() }))
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ value }) => value);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }
}
