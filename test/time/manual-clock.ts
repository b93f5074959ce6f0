import type { Clock } from "../../src/ports/clock.ts";

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  #now: number;
  readonly #waiting = new Set<Waiting>();
  readonly #watchers = new Set<() => void>();

  /** @param now Unix milliseconds */
  constructor(now = Date.parse("2026-05-01T12:00:00Z")) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const waiting = { at: this.#now + ms, run };
    this.#waiting.add(waiting);
    for (const look of this.#watchers) look();
    return () => void this.#waiting.delete(waiting);
  }

  /** How long each of those who wait still has to, in milliseconds, shortest first. */
  get waits(): readonly number[] {
    return [...this.#waiting].map(({ at }) => at - this.#now).sort((left, right) => left - right);
  }

  /** Lets time pass; who has waited long enough runs, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let [next] = this.#due(end); next !== undefined; [next] = this.#due(end)) {
      this.#now = next.at;
      this.#waiting.delete(next);
      next.run();
    }
    this.#now = end;
  }

  /** Fulfilled once somebody waits for at least `least` and at most `most` milliseconds. */
  async untilWaits(least: number, most: number): Promise<void> {
    const isSo = (): boolean => this.waits.some((wait) => wait >= least && wait <= most);
    if (isSo()) return;
    const seen = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo()) seen.resolve();
    };
    this.#watchers.add(look);
    await seen.promise;
    this.#watchers.delete(look);
  }

  #due(end: number): readonly Waiting[] {
    return [...this.#waiting].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at);
  }
}
